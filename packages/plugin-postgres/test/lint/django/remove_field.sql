BEGIN;
--
-- Remove field comment from order
--
ALTER TABLE "shop_order" DROP COLUMN "comment" CASCADE;
--
-- Remove index order_placed_idx from order
--
DROP INDEX IF EXISTS "order_placed_idx";
COMMIT;
