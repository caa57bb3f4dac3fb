-- name: lock
-- Whoever loads templates reads what is there first. Loads of slices read templates, and go on.
LOCK TABLE _wh.mv_templates IN SHARE ROW EXCLUSIVE MODE

-- name: get
SELECT template_name, query_template, column_definitions, coalesce(description, ''), coalesce(indexes, ''), storage,
    coalesce(time_column, ''), partition_by
FROM _wh.mv_templates WHERE template_name = %s

-- name: put
INSERT INTO _wh.mv_templates AS t (template_name, query_template, column_definitions, description, indexes, storage, time_column, partition_by)
VALUES (%(name)s, %(query)s, %(columns)s, nullif(%(description)s, ''), nullif(%(indexes)s, ''), coalesce(%(storage)s, 'matview'),
    nullif(%(time_column)s, ''), coalesce(%(partition_by)s, 'year'))
ON CONFLICT (template_name) DO UPDATE SET query_template = excluded.query_template, column_definitions = excluded.column_definitions,
    description = excluded.description, indexes = excluded.indexes, storage = excluded.storage, time_column = excluded.time_column,
    partition_by = excluded.partition_by, updated_at = now()

-- name: list
SELECT t.template_name, t.description, t.storage, t.time_column,
    ARRAY(SELECT f.schema_name FROM _wh.feeds f WHERE f.template_name = t.template_name ORDER BY 1),
    (SELECT count(*) FROM _wh.slices s WHERE s.template_name = t.template_name AND s.loaded_at IS NOT NULL),
    (SELECT count(*) FROM _wh.slices s WHERE s.template_name = t.template_name AND s.loaded_at IS NOT NULL
        AND s.definition_hash <> _wh_internal.definition_hash(t)),
    t.created_at, t.updated_at
FROM _wh.mv_templates t ORDER BY t.template_name

-- name: outdated
SELECT s.schema_name, count(*), min(s.slice_date), max(s.slice_date)
FROM _wh.mv_templates t JOIN _wh.slices s ON s.template_name = t.template_name
WHERE t.template_name = %s AND s.loaded_at IS NOT NULL AND s.definition_hash <> _wh_internal.definition_hash(t)
GROUP BY s.schema_name ORDER BY s.schema_name

-- name: volatile
-- Of some functions of PostgreSQL's own those that are volatile, whatever their arguments.
SELECT p.proname::text FROM pg_catalog.pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (%s)
GROUP BY 1 HAVING bool_and(p.provolatile = 'v')
