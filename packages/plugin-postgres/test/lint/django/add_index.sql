BEGIN;
--
-- Create index order_placed_idx on field(s) placed of model order
--
CREATE INDEX "order_placed_idx" ON "shop_order" ("placed");
COMMIT;
