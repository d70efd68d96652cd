-- The master data that production is to get. Whoever supervises may come after whom they supervise.
INSERT INTO currencies (name, code, symbol) VALUES
  ('Peruvian Sol', 'PEN', 'S/'), ('US Dollar', 'USD', 'US$'), ('Chilean Peso', 'CLP', '$'), ('Colombian Peso', 'COP', '$');
INSERT INTO countries (name, currency_id) VALUES ('Peru', 1), ('Chile', 3), ('Colombia', 4);
INSERT INTO locations (name, sap_code, cost_center) VALUES
  ('Lima Headquarters', 'LIM001', 'CC-LIMA-HQ'), ('Santiago Office', 'SCL001', 'CC-SANTIAGO'),
  ('Bogotá Branch', 'BOG001', 'CC-BOGOTA');
INSERT INTO expense_categories (name, account, location_id) VALUES
  ('Lodging', '631100', 1), ('Meals', '631200', 1), ('Lodging', '731100', 2), ('Meals', '731200', 2), ('Lodging', '831100', 3);
INSERT INTO factura_suppliers (name, sap_code, tax_name) VALUES
  ('Hotel Miraflores', 'SUP001', 'Hotel Miraflores'), ('Taxi Directo', 'SUP002', 'Taxi Directo'),
  ('Hostal Ñuñoa', 'SUP003', 'Hostelería Ñuñoa SpA');
INSERT INTO users (email, name, surname, password, country_id, location_id, profile, is_superuser) VALUES
  ('root@example.org', 'Admin', 'Of Development', 'development', 1, 1, 'TREASURY', true),
  ('luis@example.org', 'Test', 'User', 'development', 1, 1, 'EMPLOYEE', false),
  ('ana@example.org', 'Ana', 'Soto', 'development', 2, 2, 'EMPLOYEE', false),
  ('jose@example.org', 'José', 'Muñoz', 'development', 2, 2, 'MANAGER', false),
  ('clara@example.org', 'Clara', 'Díaz', 'development', 3, 3, 'ACCOUNTING', false);
UPDATE users SET supervisor_id = 4 WHERE email IN ('ana@example.org', 'clara@example.org');
UPDATE users SET supervisor_id = 1 WHERE email = 'jose@example.org';
