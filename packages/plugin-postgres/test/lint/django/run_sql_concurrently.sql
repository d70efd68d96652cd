BEGIN;
--
-- Raw SQL operation
--
CREATE INDEX CONCURRENTLY order_amount_idx ON shop_order (amount);
COMMIT;
