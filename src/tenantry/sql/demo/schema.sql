-- The tables of a tenant's production database, in the database being created. Keys and indexes of the log
-- come after its rows, in finish.sql.
CREATE TABLE phood_region (id int PRIMARY KEY, name text);
CREATE TABLE phood_location (id int PRIMARY KEY, name text, region_id int REFERENCES phood_region);
CREATE TABLE phood_actionreason (id int PRIMARY KEY, name text);
CREATE TABLE phood_actiontaken (id int PRIMARY KEY, name text);
CREATE TABLE phood_foodcategory (id int PRIMARY KEY, name text);
CREATE TABLE phood_inventoryitem (
    id int PRIMARY KEY,
    name text,
    cost_per_lb numeric,
    target_weight numeric,
    price_per_lb numeric,
    client_id text,
    food_category_id int REFERENCES phood_foodcategory
);
CREATE TABLE phood_pan (id int PRIMARY KEY, name text, average_weight numeric);
CREATE TABLE phood_station (id int PRIMARY KEY, name text);
CREATE TABLE phood_menuitem (id int PRIMARY KEY, inventory_item_id int, location_id int, station_id int);
CREATE TABLE phood_foodlogsum (
    id int,
    location_id int,
    action_reason_id int,
    action_taken_id int,
    inventory_item_id int,
    pan_id int,
    quantity numeric,
    validation_status text,
    logged_time timestamptz NOT NULL,
    flags text
);
