BEGIN;
--
-- Raw SQL operation
--
ALTER TYPE shop_state ADD VALUE IF NOT EXISTS 'gone' AFTER 'late';
ALTER TABLE shop_order ADD COLUMN state shop_state DEFAULT 'gone';
COMMIT;
