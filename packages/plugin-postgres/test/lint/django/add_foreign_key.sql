BEGIN;
--
-- Add field seller to order
--
ALTER TABLE "shop_order" ADD COLUMN "seller_id" integer NULL CONSTRAINT "shop_order_seller_id_550d3e2b_fk_auth_user_id" REFERENCES "auth_user"("id") DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS "shop_order_seller_id_550d3e2b_fk_auth_user_id" IMMEDIATE;
CREATE INDEX "shop_order_seller_id_550d3e2b" ON "shop_order" ("seller_id");
COMMIT;
