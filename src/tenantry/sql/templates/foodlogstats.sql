-- Food waste, one row per logged item, with the names that reports group by. Loading it again updates the template.
INSERT INTO _wh.mv_templates (template_name, description, query_template, column_definitions, column_descriptions, indexes,
    time_column)
VALUES (
    'foodlogstats',
    'Logged food waste, a row for each logged item, with store, station, item and pan',
    $query$
SELECT
    f.id,
    l.name AS store,
    s.name AS station,
    f.validation_status,
    r.name AS region,
    f.action_taken_id,
    t.name AS action_taken,
    i.name,
    f.quantity,
    p.average_weight,
    p.name AS pan_name,
    f.quantity - coalesce(p.average_weight, 0) AS weight,
    '{SCHEMA}' AS client,
    c.name AS food_category,
    i.cost_per_lb,
    i.target_weight,
    i.price_per_lb,
    a.name AS action_reason,
    i.client_id,
    f.logged_time,
    f.flags
FROM phood_foodlogsum f
LEFT JOIN phood_location l ON l.id = f.location_id
LEFT JOIN phood_region r ON r.id = l.region_id
LEFT JOIN phood_actionreason a ON a.id = f.action_reason_id
LEFT JOIN phood_actiontaken t ON t.id = f.action_taken_id
LEFT JOIN phood_inventoryitem i ON i.id = f.inventory_item_id
LEFT JOIN phood_foodcategory c ON c.id = i.food_category_id
LEFT JOIN phood_pan p ON p.id = f.pan_id
-- An item may be on several menus of one location: the first decides, so that no logged row is doubled.
LEFT JOIN (
    SELECT DISTINCT ON (inventory_item_id, location_id) inventory_item_id, location_id, station_id
    FROM phood_menuitem
    ORDER BY inventory_item_id, location_id, id
) m ON m.inventory_item_id = f.inventory_item_id AND m.location_id = f.location_id
LEFT JOIN phood_station s ON s.id = m.station_id
WHERE f.logged_time >= '{START_TIME}'::timestamptz AND f.logged_time < '{END_TIME}'::timestamptz
$query$,
    $columns$
id INTEGER,
store TEXT,
station TEXT,
validation_status TEXT,
region TEXT,
action_taken_id INTEGER,
action_taken TEXT,
name TEXT,
quantity NUMERIC,
average_weight NUMERIC,
pan_name TEXT,
weight NUMERIC,
client TEXT,
food_category TEXT,
cost_per_lb NUMERIC,
target_weight NUMERIC,
price_per_lb NUMERIC,
action_reason TEXT,
client_id TEXT,
logged_time TIMESTAMPTZ,
flags TEXT
$columns$,
    '{
"id": "The logged item''s number at the source; unique within a tenant",
"store": "Name of the location where the item was logged",
"station": "Name of the station that serves the item at this location",
"validation_status": "Whether the entry was checked, as the source records it",
"region": "Name of the location''s region",
"action_taken_id": "Number of what was done with the item",
"action_taken": "What was done with the item",
"name": "Name of the item",
"quantity": "Logged weight, with the pan",
"average_weight": "Weight of the empty pan; NULL without a pan",
"pan_name": "Name of the pan",
"weight": "Net weight: quantity less the weight of the pan",
"client": "The tenant''s schema in the warehouse",
"food_category": "Name of the item''s category",
"cost_per_lb": "What a pound of the item costs",
"target_weight": "The weight of the item to aim for",
"price_per_lb": "The price at which a pound of the item is sold",
"action_reason": "Why the item was logged",
"client_id": "The item''s client at the source",
"logged_time": "When the item was logged",
"flags": "Marks of the entry, as the source records them"
}',
    'CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_logged_time ON {SCHEMA}.{VIEW_NAME} (logged_time);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_store ON {SCHEMA}.{VIEW_NAME} (store);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_action_taken_id ON {SCHEMA}.{VIEW_NAME} (action_taken_id);',
    'logged_time'
)
ON CONFLICT (template_name) DO UPDATE SET
    description = excluded.description,
    query_template = excluded.query_template,
    column_definitions = excluded.column_definitions,
    column_descriptions = excluded.column_descriptions,
    indexes = excluded.indexes,
    time_column = excluded.time_column,
    updated_at = now();
