-- What people have entered in production.
INSERT INTO currencies (name, code, symbol) VALUES ('Peruvian Sol', 'PEN', 'S/'), ('US Dollar', 'USD', '$');
INSERT INTO countries (name, currency_id) VALUES ('Peru', 1);
INSERT INTO locations (name, sap_code, cost_center) VALUES ('Lima Headquarters', 'LIM001', 'CC-LIMA-HQ');
INSERT INTO expense_categories (name, account) VALUES ('Lodging', '631100'), ('Meals', '631200');
INSERT INTO category_country_alerts (category_id, country_id, alert_amount) VALUES (1, 1, 400), (2, 1, 120);
INSERT INTO factura_suppliers (name, sap_code) VALUES ('Hotel Miraflores', 'SUP001'), ('Taxi Directo', 'SUP002');
INSERT INTO users (email, name, surname, password, country_id, location_id, profile, is_superuser) VALUES
  ('root@example.org', 'Rosa', 'Quispe', '$2b$12$production', 1, 1, 'TREASURY', true);
INSERT INTO users (email, name, surname, password, country_id, location_id, supervisor_id, profile) VALUES
  ('luis@example.org', 'Luis', 'Rojas', '$2b$12$production', 1, 1, 1, 'EMPLOYEE');
INSERT INTO prepayments (reason, destination_country_id, currency_id, amount, status, requesting_user_id)
  SELECT 'Trip ' || n, 1, 1, 100 + n, (ARRAY['PENDING', 'APPROVED'])[1 + n % 2]::requeststatus, 2
  FROM generate_series(1, 40) AS n;
INSERT INTO travel_expense_reports (prepayment_id, status, requesting_user_id)
  SELECT id, status, requesting_user_id FROM prepayments;
INSERT INTO expenses (category_id, travel_expense_report_id, factura_supplier_id, purpose, amount)
  SELECT 1 + id % 2, id, 1 + id % 2, 'Night ' || id, 50 FROM travel_expense_reports;
INSERT INTO approval_history (report_id, user_id, action)
  SELECT id, 1, 'APPROVED' FROM travel_expense_reports WHERE status = 'APPROVED';
