-- The source database of the tests: the tables that the foodlogstats template reads, with a few rows of each dimension.
CREATE TABLE phood_region (id int PRIMARY KEY, name text);
CREATE TABLE phood_location (id int PRIMARY KEY, name text, region_id int);
CREATE TABLE phood_actionreason (id int PRIMARY KEY, name text);
CREATE TABLE phood_actiontaken (id int PRIMARY KEY, name text);
CREATE TABLE phood_foodcategory (id int PRIMARY KEY, name text);
CREATE TABLE phood_inventoryitem (
    id int PRIMARY KEY, name text, cost_per_lb numeric, target_weight numeric, price_per_lb numeric, client_id text,
    food_category_id int
);
CREATE TABLE phood_pan (id int PRIMARY KEY, name text, average_weight numeric);
CREATE TABLE phood_station (id int PRIMARY KEY, name text);
CREATE TABLE phood_menuitem (id int PRIMARY KEY, inventory_item_id int, location_id int, station_id int);
CREATE TABLE phood_foodlogsum (
    id int PRIMARY KEY, location_id int, action_reason_id int, action_taken_id int, inventory_item_id int, pan_id int,
    quantity numeric, validation_status text, logged_time timestamptz NOT NULL, flags text
);
INSERT INTO phood_region SELECT n, 'Region ' || n FROM generate_series(1, 2) n;
INSERT INTO phood_location SELECT n, 'Store ' || n, 1 + n % 2 FROM generate_series(1, 3) n;
INSERT INTO phood_actionreason VALUES (1, 'Overproduction');
INSERT INTO phood_actiontaken VALUES (1, 'Compost');
INSERT INTO phood_foodcategory VALUES (1, 'Soup');
INSERT INTO phood_inventoryitem SELECT n, 'Item ' || n, 1.25, 20, 2.5, 'client-' || n, 1 FROM generate_series(1, 5) n;
INSERT INTO phood_pan VALUES (1, 'Half pan', 1.5);
INSERT INTO phood_station VALUES (1, 'Grill'), (2, 'Salad');
-- Item 1 is on two menus of store 1: its rows must not be doubled.
INSERT INTO phood_menuitem VALUES (1, 1, 1, 1), (2, 1, 1, 2), (3, 2, 2, 2);
CREATE INDEX ON phood_foodlogsum (logged_time);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO source_reader;
