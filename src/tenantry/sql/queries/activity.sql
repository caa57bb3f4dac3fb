-- name: find_statements
-- Let the session find pg_stat_statements, whatever schema it is in.
SELECT set_config('search_path', %(schema)s, false)

-- name: slow_statements
-- Statements that take long on average, those with the most time in total first.
SELECT left(regexp_replace(query, '\s+', ' ', 'g'), 120), calls, mean_exec_time, total_exec_time, rows
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mean_exec_time > %(milliseconds)s
ORDER BY total_exec_time DESC LIMIT %(most)s

-- name: statements_extension
-- The schema of the extension, the loaded libraries, and whether the extension's is among them; NULL if this
-- role may not know.
SELECT quote_ident(n.nspname), s.setting,
    'pg_stat_statements' = ANY (string_to_array(replace(s.setting, ' ', ''), ','))
FROM (SELECT) always
LEFT JOIN pg_settings s ON s.name = 'shared_preload_libraries'
LEFT JOIN pg_extension e ON e.extname = 'pg_stat_statements' LEFT
    JOIN pg_namespace n ON n.oid = e.extnamespace

-- name: running
-- Sessions of this database that are active or hold a transaction open. PostgreSQL hides other roles'
-- statements from an ordinary role.
SELECT a.pid, a.usename::text, a.application_name, a.state, extract(epoch FROM now() - a.query_start)::float8,
    extract(epoch FROM now() - a.xact_start)::float8, concat_ws(': ', a.wait_event_type, a.wait_event),
    pg_blocking_pids(a.pid),
    (SELECT t.schema_name FROM _wh.tenants t
     WHERE a.query ~ ('(^|\W)' || regexp_replace(t.schema_name, '(\W)', '\\\1', 'g') || '(\W|$)')
     ORDER BY length(t.schema_name) DESC LIMIT 1),
    a.query
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> ALL (pg_backend_pid() || %(own)s::integer[])
    AND a.state <> 'idle'
    AND a.backend_type <> 'parallel worker'
ORDER BY a.xact_start NULLS LAST

-- name: programs
-- Programs of Tenantry that are connected to this database, except this session. A role that may not see
-- another one's sessions learns how many there are, and not since when, nor how many of them are at work.
SELECT a.application_name, a.usename::text, count(*), count(*) FILTER (WHERE a.state <> 'idle'),
    min(a.backend_start)
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND starts_with(a.application_name, 'tenantry')
GROUP BY a.application_name, a.usename ORDER BY 1, 2

-- name: cancel
-- Cancel what a session of this database is running; no row if there is no such session.
SELECT a.backend_type = 'client backend', pg_cancel_backend(a.pid) FROM pg_stat_activity a
WHERE a.pid = %(pid)s AND a.datname = current_database() AND a.backend_type = 'client backend'

-- name: logs
-- The newest entries of the log that match, oldest first.
SELECT * FROM (
    SELECT id, created_at, log_level, function_name, message, context FROM _wh.function_logs
    WHERE id > %(after)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
        AND (%(since)s::interval IS NULL OR created_at >= now() - %(since)s::interval)
        AND (%(levels)s::text[] IS NULL OR upper(log_level) = ANY (%(levels)s))
        AND (%(function)s::text IS NULL OR function_name = %(function)s)
        AND (%(tenant)s::text IS NULL
            OR %(tenant)s IN (context ->> 'tenant', context ->> 'schema_name', context ->> 'schema'))
        AND (%(pattern)s::text IS NULL OR message ~* %(pattern)s OR context::text ~* %(pattern)s)
    ORDER BY id DESC LIMIT %(most)s
) newest ORDER BY id

-- name: newest_entry
-- The number of the newest entry of the log.
SELECT coalesce(max(id), 0) FROM _wh.function_logs

-- name: sizes
-- Rows and space of each feed, and the rows of the last whole months.
WITH feeds AS MATERIALIZED (
    SELECT f AS feed, f.schema_name, f.template_name, f.storage FROM _wh.feeds f
    WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
), space AS (
    SELECT f.schema_name, f.template_name, count(*) AS relations, sum(pg_table_size(r.relid))::bigint AS data,
        sum(pg_indexes_size(r.relid))::bigint AS indexes
    FROM feeds f CROSS JOIN LATERAL _wh_internal.feed_relations(f.feed) r GROUP BY 1, 2
), counted AS (
    SELECT f.schema_name, f.template_name, coalesce(sum(s.row_count), 0)::bigint AS rows,
        coalesce(sum(s.row_count) FILTER (WHERE s.slice_date >= m.first - interval '1 month'
        AND s.slice_date < m.first), 0)::bigint
            AS last_month,
        coalesce(sum(s.row_count) FILTER (WHERE s.slice_date >= m.first - interval '2 months'
            AND s.slice_date < m.first - interval '1 month'), 0)::bigint
            AS month_before
    FROM feeds f CROSS JOIN LATERAL _wh_internal.stored_days(f.feed) s
    CROSS JOIN (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AS first) m
    GROUP BY 1, 2
)
SELECT f.schema_name, f.template_name, f.storage, coalesce(c.rows, 0), coalesce(s.data, 0),
    coalesce(s.indexes, 0), coalesce(s.relations, 0),
    coalesce(c.last_month, 0), coalesce(c.month_before, 0)
FROM feeds f LEFT JOIN space s USING (schema_name, template_name) LEFT JOIN counted c
    USING (schema_name, template_name)
ORDER BY coalesce(s.data, 0) + coalesce(s.indexes, 0) DESC, 1, 2

-- name: database_size
-- The size of the database in bytes.
SELECT pg_database_size(current_database())

-- name: write_log
-- Write an entry into the log.
SELECT _wh_internal.write_log(%(function)s, %(level)s, %(message)s, %(context)s)

-- name: changes
-- How often each table that the console shows was written to, as the server's statistics know it: within
-- about a
-- second, and also by transactions that were rolled back.
SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_catalog.pg_stat_all_tables
WHERE schemaname = ANY (%(schemas)s)
