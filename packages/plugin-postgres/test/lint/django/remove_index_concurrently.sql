--
-- Concurrently remove index order_total_idx from order
--
DROP INDEX CONCURRENTLY IF EXISTS "order_total_idx";
