BEGIN;
--
-- Alter unique_together for customer (1 constraint(s))
--
ALTER TABLE "shop_customer" ADD CONSTRAINT "shop_customer_email_name_3dfd3db8_uniq" UNIQUE ("email", "name");
--
-- Create constraint order_amount_positive on model order
--
ALTER TABLE "shop_order" ADD CONSTRAINT "order_amount_positive" CHECK ("amount" >= 0);
COMMIT;
