BEGIN;
--
-- Create model Customer
--
CREATE TABLE "shop_customer" ("id" bigserial NOT NULL PRIMARY KEY, "email" varchar(254) NOT NULL UNIQUE, "name" varchar(50) NOT NULL, "note" text NULL);
--
-- Create model Order
--
CREATE TABLE "shop_order" ("id" bigserial NOT NULL PRIMARY KEY, "status" varchar(10) NOT NULL, "placed" timestamp with time zone NOT NULL, "total" numeric(10, 2) NOT NULL, "customer_id" bigint NOT NULL);
--
-- Add field watchers to order
--
CREATE TABLE "shop_order_watchers" ("id" bigserial NOT NULL PRIMARY KEY, "order_id" bigint NOT NULL, "user_id" integer NOT NULL);
CREATE INDEX "shop_customer_email_d3fdf104_like" ON "shop_customer" ("email" varchar_pattern_ops);
ALTER TABLE "shop_order" ADD CONSTRAINT "shop_order_customer_id_placed_a4f1bfa5_uniq" UNIQUE ("customer_id", "placed");
ALTER TABLE "shop_order" ADD CONSTRAINT "shop_order_customer_id_f638df20_fk_shop_customer_id" FOREIGN KEY ("customer_id") REFERENCES "shop_customer" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "shop_order_status_16691b37" ON "shop_order" ("status");
CREATE INDEX "shop_order_status_16691b37_like" ON "shop_order" ("status" varchar_pattern_ops);
CREATE INDEX "shop_order_customer_id_f638df20" ON "shop_order" ("customer_id");
ALTER TABLE "shop_order_watchers" ADD CONSTRAINT "shop_order_watchers_order_id_user_id_64fc7cd7_uniq" UNIQUE ("order_id", "user_id");
ALTER TABLE "shop_order_watchers" ADD CONSTRAINT "shop_order_watchers_order_id_837c719c_fk_shop_order_id" FOREIGN KEY ("order_id") REFERENCES "shop_order" ("id") DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE "shop_order_watchers" ADD CONSTRAINT "shop_order_watchers_user_id_e0150c16_fk_auth_user_id" FOREIGN KEY ("user_id") REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "shop_order_watchers_order_id_837c719c" ON "shop_order_watchers" ("order_id");
CREATE INDEX "shop_order_watchers_user_id_e0150c16" ON "shop_order_watchers" ("user_id");
COMMIT;
