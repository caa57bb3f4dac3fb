-- What to extract, as the manual writes a template: the predicate is the one that cannot use an index.
INSERT INTO _wh.mv_templates (template_name, description, query_template, column_definitions, indexes) VALUES (
    'foodlogstats',
    'Food log with weights',
    $template$
SELECT
    l.id,
    l.store,
    l.quantity,
    l.quantity * 2 AS weight,
    '{SCHEMA}' AS client,
    l.logged_time
FROM phood_foodlogsum l
WHERE (l.logged_time AT TIME ZONE 'UTC')::DATE = '{TARGET_DATE}'::DATE
$template$,
    $columns$
id INTEGER,
store TEXT,
quantity NUMERIC,
weight NUMERIC,
client TEXT,
logged_time TIMESTAMPTZ
$columns$,
    'CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);
CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_logged_time ON {SCHEMA}.{VIEW_NAME} (logged_time);'
);
