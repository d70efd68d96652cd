BEGIN;
--
-- Add field paid to order
--
ALTER TABLE "shop_order" ADD COLUMN "paid" boolean DEFAULT false NOT NULL;
ALTER TABLE "shop_order" ALTER COLUMN "paid" DROP DEFAULT;
COMMIT;
