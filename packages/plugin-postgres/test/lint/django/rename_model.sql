BEGIN;
--
-- Rename model Customer to Client
--
ALTER TABLE "shop_customer" RENAME TO "shop_client";
COMMIT;
