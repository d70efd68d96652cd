ALTER TABLE expense_categories ADD COLUMN location_id integer;
ALTER TABLE expense_categories ADD CONSTRAINT fk_expense_categories_location FOREIGN KEY (location_id) REFERENCES locations (id);
UPDATE expense_categories SET location_id = (SELECT min(id) FROM locations) WHERE location_id IS NULL;

-- These are orphaned.
DELETE FROM expense_categories WHERE location_id IS NULL;
ALTER TABLE expense_categories ALTER COLUMN location_id SET NOT NULL;
ALTER TABLE expense_categories DROP CONSTRAINT IF EXISTS expense_categories_name_key;
ALTER TABLE expense_categories ADD CONSTRAINT _category_location_uc UNIQUE (name, location_id);
CREATE INDEX IF NOT EXISTS idx_expense_categories_location_id ON expense_categories (location_id);

INSERT INTO category_country_alerts (category_id, country_id, alert_amount)
SELECT c.id, n.id, 100
FROM expense_categories c
INNER JOIN countries n ON true
WHERE (n.name = 'Peru' AND c.name = 'Meals')
   OR (n.name = 'Chile' AND c.name = 'Meals')
  AND NOT EXISTS (SELECT FROM category_country_alerts a WHERE a.category_id = c.id AND a.country_id = n.id);

COMMIT;
