-- Everything except the log: the names of a tenant's stores, menus and pans. The tenant's seed decides which
-- items of the catalogue it has, what they cost there, and which stores serve them.
INSERT INTO phood_region (id, name)
SELECT row_number() OVER (ORDER BY min(id)), region FROM demo_store GROUP BY region;

INSERT INTO phood_location (id, name, region_id)
SELECT s.id, s.name, r.id FROM demo_store s JOIN phood_region r ON r.name = s.region
WHERE s.id <= (SELECT stores FROM demo_run);

INSERT INTO phood_actionreason (id, name)
SELECT row_number() OVER (ORDER BY min(id)), reason FROM demo_outcome WHERE reason IS NOT NULL GROUP BY reason;

INSERT INTO phood_actiontaken (id, name)
SELECT row_number() OVER (ORDER BY min(id)), action FROM demo_outcome WHERE action IS NOT NULL GROUP BY action;

INSERT INTO phood_foodcategory (id, name)
SELECT row_number() OVER (ORDER BY min(id)), category FROM demo_item GROUP BY category;

INSERT INTO phood_station (id, name)
SELECT row_number() OVER (ORDER BY min(id)), station FROM demo_item GROUP BY station;

INSERT INTO phood_pan (id, name, average_weight) SELECT id, name, average_weight FROM demo_pan;

INSERT INTO phood_inventoryitem (id, name, cost_per_lb, target_weight, price_per_lb, client_id, food_category_id)
SELECT
    i.id,
    i.name,
    local.cost,
    -- Not every item has a target, and not every item is sold.
    CASE WHEN pg_temp.unit(i.id, r.seed # 12) < 0.9 THEN round((i.typical * 0.7)::numeric, 1) END,
    CASE WHEN pg_temp.unit(i.id, r.seed # 13) < 0.92 THEN round(local.cost * (2.4 + pg_temp.unit(i.id, r.seed # 14))::numeric, 2) END,
    upper(left(r.tenant, 3)) || '-' || 10000 + i.id * 37 + r.seed,
    c.id
FROM demo_run r
CROSS JOIN demo_item i
CROSS JOIN LATERAL (SELECT round(i.cost_per_lb * (0.9 + 0.2 * pg_temp.unit(i.id, r.seed # 11))::numeric, 2) AS cost) local
JOIN phood_foodcategory c ON c.name = i.category
WHERE pg_temp.unit(i.id, r.seed # 10) < 0.85;

INSERT INTO phood_menuitem (id, inventory_item_id, location_id, station_id)
SELECT row_number() OVER (ORDER BY l.id, i.id), i.id, l.id, s.id
FROM demo_run r
CROSS JOIN phood_location l
CROSS JOIN phood_inventoryitem i
JOIN demo_item d ON d.name = i.name
JOIN phood_station s ON s.name = d.station
WHERE pg_temp.unit(l.id * 1000 + i.id, r.seed # 15) < 0.6;
