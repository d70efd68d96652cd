-- How production was brought up to date before: by psql, which runs on after errors, in one transaction that cannot be one.
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_enum WHERE enumlabel = 'REVIEW_RETURN') THEN
    ALTER TYPE requeststatus ADD VALUE 'REVIEW_RETURN';
  END IF;
END $$;

ALTER TYPE requeststatus ADD VALUE 'APPROVED_EXPENSES';

ALTER TABLE travel_expense_reports
  ADD COLUMN IF NOT EXISTS return_document_number varchar(100),
  ADD COLUMN IF NOT EXISTS return_document_files json;

CREATE INDEX IF NOT EXISTS idx_travel_expense_reports_return_status ON travel_expense_reports (status)
  WHERE status IN ('FUNDS_RETURN_PENDING', 'REVIEW_RETURN');

UPDATE travel_expense_reports SET status = 'APPROVED_EXPENSES' WHERE status = 'APPROVED' AND prepayment_id IS NOT NULL;

COMMIT;
