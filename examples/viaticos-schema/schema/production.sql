-- What production has: the application was deployed again and again, and its schema was not.
CREATE TYPE userprofile AS ENUM ('EMPLOYEE', 'MANAGER', 'ACCOUNTING', 'TREASURY');
CREATE TYPE requeststatus AS ENUM (
  'PENDING', 'SUPERVISOR_PENDING', 'ACCOUNTING_PENDING', 'TREASURY_PENDING', 'APPROVED', 'REJECTED'
);
CREATE TYPE approvalaction AS ENUM ('SUBMITTED', 'APPROVED', 'REJECTED', 'RETURNED');

CREATE TABLE currencies (
  id serial PRIMARY KEY,
  name varchar(100) NOT NULL UNIQUE,
  code varchar(10) NOT NULL UNIQUE,
  symbol varchar(10)
);

CREATE TABLE countries (
  id serial PRIMARY KEY,
  name varchar(100) NOT NULL UNIQUE,
  currency_id integer NOT NULL REFERENCES currencies
);

CREATE TABLE locations (
  id serial PRIMARY KEY,
  name varchar(255) NOT NULL,
  sap_code varchar(50) NOT NULL UNIQUE,
  cost_center varchar(100) NOT NULL
);

CREATE TABLE expense_categories (
  id serial PRIMARY KEY,
  name varchar(100) NOT NULL UNIQUE,
  account varchar(50) NOT NULL
);

CREATE TABLE category_country_alerts (
  id serial PRIMARY KEY,
  category_id integer NOT NULL REFERENCES expense_categories,
  country_id integer NOT NULL REFERENCES countries,
  alert_amount numeric(12, 2) NOT NULL,
  CONSTRAINT _category_country_alert_uc UNIQUE (category_id, country_id)
);

CREATE TABLE factura_suppliers (
  id serial PRIMARY KEY,
  name varchar(200) NOT NULL,
  sap_code varchar(50) NOT NULL UNIQUE
);

CREATE TABLE users (
  id serial PRIMARY KEY,
  email varchar(255) NOT NULL UNIQUE,
  name varchar(100) NOT NULL,
  surname varchar(100) NOT NULL,
  password varchar(255) NOT NULL,
  country_id integer NOT NULL REFERENCES countries,
  location_id integer REFERENCES locations,
  supervisor_id integer REFERENCES users,
  profile userprofile NOT NULL,
  is_superuser boolean NOT NULL DEFAULT false,
  force_password_change boolean NOT NULL DEFAULT true
);

CREATE TABLE prepayments (
  id serial PRIMARY KEY,
  reason text NOT NULL,
  destination_country_id integer NOT NULL REFERENCES countries,
  currency_id integer NOT NULL REFERENCES currencies,
  amount numeric(12, 2) NOT NULL,
  status requeststatus NOT NULL DEFAULT 'PENDING',
  requesting_user_id integer NOT NULL REFERENCES users
);

CREATE TABLE travel_expense_reports (
  id serial PRIMARY KEY,
  prepayment_id integer NOT NULL UNIQUE REFERENCES prepayments,
  status requeststatus NOT NULL DEFAULT 'PENDING',
  requesting_user_id integer NOT NULL REFERENCES users
);

CREATE TABLE expenses (
  id serial PRIMARY KEY,
  category_id integer NOT NULL REFERENCES expense_categories,
  travel_expense_report_id integer NOT NULL REFERENCES travel_expense_reports,
  factura_supplier_id integer REFERENCES factura_suppliers,
  purpose varchar(500) NOT NULL,
  amount numeric(12, 2) NOT NULL
);

CREATE TABLE approval_history (
  id serial PRIMARY KEY,
  report_id integer NOT NULL REFERENCES travel_expense_reports,
  user_id integer NOT NULL REFERENCES users,
  action approvalaction NOT NULL,
  comments text
);
