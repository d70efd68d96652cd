--
-- Raw SQL operation
--
CREATE TYPE shop_state AS ENUM ('open', 'paid');
--
-- Raw SQL operation
--
ALTER TYPE shop_state ADD VALUE IF NOT EXISTS 'late' AFTER 'paid';
