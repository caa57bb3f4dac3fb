-- A tenant's production database, with the tables that the foodlogstats template reads.
-- By hand: psql -c "SET bench.first = '2024-01-01'" -c "SET bench.days = 366" -c "SET bench.per_day = 4190" -f source.sql
CREATE TABLE phood_region (id int PRIMARY KEY, name text);
CREATE TABLE phood_location (id int PRIMARY KEY, name text, region_id int REFERENCES phood_region);
CREATE TABLE phood_actionreason (id int PRIMARY KEY, name text);
CREATE TABLE phood_actiontaken (id int PRIMARY KEY, name text);
CREATE TABLE phood_foodcategory (id int PRIMARY KEY, name text);
CREATE TABLE phood_inventoryitem (
    id int PRIMARY KEY, name text, cost_per_lb numeric, target_weight numeric, price_per_lb numeric, client_id text,
    food_category_id int REFERENCES phood_foodcategory
);
CREATE TABLE phood_pan (id int PRIMARY KEY, name text, average_weight numeric);
CREATE TABLE phood_station (id int PRIMARY KEY, name text);
CREATE TABLE phood_menuitem (id int PRIMARY KEY, inventory_item_id int, location_id int, station_id int);
CREATE TABLE phood_foodlogsum (
    id int PRIMARY KEY, location_id int, action_reason_id int, action_taken_id int, inventory_item_id int, pan_id int,
    quantity numeric, validation_status text, logged_time timestamptz NOT NULL, flags text
);

-- The same rows every time.
SELECT setseed(0.25);

INSERT INTO phood_region SELECT n, 'Region ' || n FROM generate_series(1, 8) n;
INSERT INTO phood_location SELECT n, 'Store ' || n, 1 + n % 8 FROM generate_series(1, 60) n;
INSERT INTO phood_actionreason SELECT n, 'Reason ' || n FROM generate_series(1, 12) n;
INSERT INTO phood_actiontaken SELECT n, 'Action ' || n FROM generate_series(1, 6) n;
INSERT INTO phood_foodcategory SELECT n, 'Category ' || n FROM generate_series(1, 20) n;
INSERT INTO phood_inventoryitem
SELECT n, 'Item number ' || n, round((10 * random())::numeric, 2), round((50 * random())::numeric, 1),
    round((20 * random())::numeric, 2), 'client-' || n % 50, 1 + n % 20
FROM generate_series(1, 2000) n;
INSERT INTO phood_pan SELECT n, 'Pan ' || n, round((5 * random())::numeric, 2) FROM generate_series(1, 30) n;
INSERT INTO phood_station SELECT n, 'Station ' || n FROM generate_series(1, 25) n;
INSERT INTO phood_menuitem SELECT n, n, 1 + n % 60, 1 + n % 25 FROM generate_series(1, 2000) n;

-- Each UTC day's rows are spread evenly over it, from 00:00 on.
INSERT INTO phood_foodlogsum
SELECT d * s.per_day + n, 1 + floor(60 * random())::int, CASE WHEN random() >= 0.1 THEN 1 + floor(12 * random())::int END,
    1 + floor(6 * random())::int, 1 + floor(2000 * random())::int, 1 + floor(30 * random())::int,
    round((40 * random())::numeric, 2), (ARRAY['valid', 'pending', 'rejected'])[1 + floor(3 * random())::int],
    (s.first_day + d)::timestamp AT TIME ZONE 'UTC' + (n - 1) * interval '1 day' / s.per_day,
    CASE WHEN random() < 0.05 THEN 'flag' END
FROM (
    SELECT current_setting('bench.first')::date AS first_day, current_setting('bench.days')::int AS days,
        current_setting('bench.per_day')::int AS per_day
) s, generate_series(0, s.days - 1) d, generate_series(1, s.per_day) n;
CREATE INDEX ON phood_foodlogsum (logged_time);
