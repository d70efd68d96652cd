BEGIN;
--
-- Alter field note on customer
--
ALTER TABLE "shop_customer" ALTER COLUMN "note" SET DEFAULT '';
UPDATE "shop_customer" SET "note" = '' WHERE "note" IS NULL;
ALTER TABLE "shop_customer" ALTER COLUMN "note" SET NOT NULL;
ALTER TABLE "shop_customer" ALTER COLUMN "note" DROP DEFAULT;
COMMIT;
