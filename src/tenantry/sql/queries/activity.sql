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
-- statements from an ordinary role. What the server does by itself has no login: it is called by its kind.
SELECT a.pid, coalesce(a.usename::text, a.backend_type), a.application_name, a.state,
    extract(epoch FROM now() - a.query_start)::float8,
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
-- Rows and space of each feed, and the rows of the last whole months. Its space is NULL if a node that may
-- hold rows of it does not answer.
WITH feeds AS MATERIALIZED (
    SELECT f AS feed, f.schema_name, f.template_name, f.storage FROM _wh.feeds f
    WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
), space AS (
    SELECT p.schema_name, p.template_name, sum(p.relations)::bigint AS relations, sum(p.data)::bigint AS data,
        sum(p.indexes)::bigint AS indexes, bool_or(p.data IS NULL) AS unknown
    FROM (
        SELECT f.schema_name, f.template_name, 1 AS relations, pg_table_size(r.relid) AS data,
            pg_indexes_size(r.relid) AS indexes
        FROM feeds f CROSS JOIN LATERAL _wh_internal.feed_relations(f.feed) r
        UNION ALL
        SELECT h.schema_name, h.template_name, h.relations, h.data, h.indexes
        FROM feeds f JOIN _wh_internal.shared_sizes() h USING (schema_name, template_name)
    ) p GROUP BY 1, 2
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
SELECT f.schema_name, f.template_name, f.storage, coalesce(c.rows, 0),
    CASE WHEN s.unknown THEN NULL ELSE coalesce(s.data, 0) END,
    CASE WHEN s.unknown THEN NULL ELSE coalesce(s.indexes, 0) END, coalesce(s.relations, 0),
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

-- name: metrics
-- Everything that Prometheus is told, in one statement. `since` is the first day whose record is read, NULL
-- for all. The days before `turn` are `former`, and the others `recent`: with `since`, only these are read.
-- Rows are never read: a record counts as loaded while a populated relation has the filling that it names.
-- Otherwise it is `unconfirmed`, until a load or `tenantry status` counts its rows. `due` are the days from
-- the beginning of the feed's span to yesterday.
WITH clock AS MATERIALIZED (
    SELECT c.today, coalesce(%(since)s::date, c.today - %(recent)s::integer) AS turn
    FROM _wh.current_date_utc() c (today)
), fleet AS MATERIALIZED (
    SELECT f.schema_name, f.template_name, f.tenant_name, f.first_day, s.daily, s.shared, f AS feed,
        coalesce(o.hash, t.hash) AS hash, w.disabled_at IS NOT NULL AS disabled,
        coalesce(f.first_day, 'infinity') AS due_from,
        to_regnamespace(quote_ident(f.schema_name)) AS namespace
    FROM _wh.feeds f
    JOIN _wh.tenants w USING (schema_name)
    JOIN _wh.storages s USING (storage)
    LEFT JOIN (SELECT m.template_name, _wh_internal.definition_hash(m) AS hash FROM _wh.mv_templates m) t
        USING (template_name)
    LEFT JOIN (SELECT x.schema_name, x.template_name,
            _wh_internal.definition_hash(_wh_internal.for_tenant(m, x.schema_name)) AS hash
        FROM _wh.template_overrides x JOIN _wh.mv_templates m USING (template_name)) o
        USING (schema_name, template_name)
), recorded AS MATERIALIZED (
    -- Feed by feed: joined and grouped all at once, the names of the feeds would be compared for each day.
    SELECT f.schema_name, f.template_name, r.*
    FROM fleet f CROSS JOIN LATERAL (
        SELECT d.recent, d.filenode, count(d.loaded_at) AS loaded,
            count(d.loaded_at) FILTER (WHERE d.due) AS due,
            coalesce(sum(d.row_count) FILTER (WHERE d.whole IS NOT NULL), 0)::bigint AS rows,
            count(*) FILTER (WHERE d.failed) AS failed,
            count(*) FILTER (WHERE NOT d.whole AND d.slice_date < (SELECT k.today FROM clock k)) AS stale,
            count(d.loaded_at) FILTER (WHERE d.outdated) AS outdated,
            max(d.slice_date) FILTER (WHERE d.whole) AS last_day, max(d.loaded_at) AS last_load,
            max(d.duration) FILTER (WHERE d.loaded_at > statement_timestamp() - interval '1 day') AS slowest,
            min(d.slice_date) AS first, max(d.slice_date) AS last
        FROM (
            SELECT x.slice_date, x.filenode, x.row_count, x.loaded_at, x.duration,
                x.slice_date >= (SELECT k.turn FROM clock k) AS recent, x.status = 'failed' AS failed,
                x.slice_date >= f.due_from AND x.slice_date < (SELECT k.today FROM clock k) AS due,
                -- A day ends at midnight in UTC.
                date_part('epoch', x.loaded_at) >= (x.slice_date - '1969-12-31'::date) * 86400 AS whole,
                x.definition_hash <> f.hash AS outdated
            FROM _wh.slices x
            WHERE x.schema_name = f.schema_name AND x.template_name = f.template_name
                AND x.slice_date >= coalesce(%(since)s::date, '-infinity')
            OFFSET 0
        ) d
        GROUP BY d.recent, d.filenode
    ) r
), judged AS MATERIALIZED (
    -- A daily view is populated as a whole or not at all, so it is loaded whatever its record says.
    SELECT r.*, c.oid, c.oid IS NOT NULL OR f.daily AND r.first = r.last AND EXISTS (SELECT FROM pg_class v
        WHERE v.relnamespace = f.namespace AND v.relkind = 'm' AND v.relispopulated
            AND v.relname = _wh_internal.name_stem(f.template_name) || to_char(r.first::timestamp,
            '_YYYY_MM_DD')) AS present
    FROM recorded r JOIN fleet f USING (schema_name, template_name)
    LEFT JOIN pg_class c ON c.relfilenode = r.filenode AND c.relkind IN ('r', 'm') AND c.relispopulated
        AND c.relnamespace IN (f.namespace, to_regnamespace('_wh_data'))
        AND c.relname NOT LIKE 'tenantry\_old\_%%'
), parts AS MATERIALIZED (
    SELECT j.schema_name, j.template_name, j.recent, jsonb_build_object(
        'loaded', coalesce(sum(j.loaded) FILTER (WHERE j.present), 0),
        'due', coalesce(sum(j.due) FILTER (WHERE j.present), 0),
        'rows', coalesce(sum(j.rows) FILTER (WHERE j.present), 0), 'failed', sum(j.failed),
        'stale', coalesce(sum(j.stale) FILTER (WHERE j.present), 0),
        'outdated', coalesce(sum(j.outdated) FILTER (WHERE j.present), 0),
        'unconfirmed', coalesce(sum(j.loaded) FILTER (WHERE NOT j.present), 0),
        'unconfirmed_due', coalesce(sum(j.due) FILTER (WHERE NOT j.present), 0),
        'last_day', max(j.last_day) FILTER (WHERE j.present),
        'last_load', extract(epoch FROM max(j.last_load)),
        'slowest', extract(epoch FROM max(j.slowest))) AS part
    FROM judged j GROUP BY j.schema_name, j.template_name, j.recent
), unrecorded AS MATERIALIZED (
    -- Days that were loaded by hand: populated daily views and closed yearly tables without any record.
    SELECT f.schema_name, f.template_name, sum(d.days) AS loaded, sum(d.due) AS due,
        max(r.last_day) AS last_day
    FROM fleet f CROSS JOIN LATERAL _wh_internal.storage_relations(f.feed) r
    JOIN pg_class c ON c.oid = r.relid AND c.relispopulated
    CROSS JOIN LATERAL (SELECT r.last_day - r.first_day + 1 AS days,
        greatest(least(r.last_day, (SELECT k.today FROM clock k) - 1)
            - greatest(r.first_day, f.first_day) + 1, 0) AS due) d
    WHERE f.daily AND %(since)s::date IS NULL AND NOT r.leftover AND (r.daily OR r.trusted)
        AND NOT EXISTS (SELECT FROM _wh.slices x WHERE x.schema_name = f.schema_name
            AND x.template_name = f.template_name AND x.slice_date BETWEEN r.first_day AND r.last_day)
    GROUP BY f.schema_name, f.template_name
), sizes AS MATERIALIZED (
    SELECT j.schema_name, j.template_name, sum(pg_total_relation_size(j.oid)) AS bytes
    FROM (SELECT DISTINCT g.schema_name, g.template_name, g.oid FROM judged g JOIN fleet f
            USING (schema_name, template_name)
        WHERE g.oid IS NOT NULL AND NOT f.shared AND %(since)s::date IS NULL) j
    GROUP BY j.schema_name, j.template_name
    UNION ALL
    SELECT h.schema_name, h.template_name, h.data + h.indexes FROM _wh_internal.shared_sizes() h
    WHERE %(since)s::date IS NULL
), keeper AS MATERIALIZED (
    SELECT n.nspowner = to_regrole('whadmin') AND NOT EXISTS (SELECT FROM pg_extension e
        WHERE e.extname = 'pg_cron') AS own, has_schema_privilege('whadmin', n.oid, 'USAGE') AS open
    FROM pg_namespace n WHERE n.nspname = 'cron'
)
SELECT extract(epoch FROM statement_timestamp())::double precision, (SELECT k.today FROM clock k),
    (SELECT k.turn FROM clock k),
    coalesce((SELECT jsonb_agg(jsonb_build_object('tenant', f.schema_name, 'template', f.template_name,
        'created_at', extract(epoch FROM (f.feed).created_at),
        'first_day', f.first_day, 'disabled', f.disabled, 'former', o.part, 'recent', n.part,
        'unrecorded', u.loaded, 'unrecorded_due', u.due, 'unrecorded_last', u.last_day, 'bytes', s.bytes,
        'verified_at', extract(epoch FROM v.verified_at), 'differing', cardinality(v.different_days),
        'unverified', v.failed_days)
        ORDER BY f.schema_name, f.template_name)
        FROM fleet f
        LEFT JOIN parts o ON (o.schema_name, o.template_name) = (f.schema_name, f.template_name)
            AND NOT o.recent
        LEFT JOIN parts n ON (n.schema_name, n.template_name) = (f.schema_name, f.template_name) AND n.recent
        LEFT JOIN unrecorded u ON (u.schema_name, u.template_name) = (f.schema_name, f.template_name)
        LEFT JOIN sizes s ON (s.schema_name, s.template_name) = (f.schema_name, f.template_name)
        LEFT JOIN _wh.verifications v ON (v.schema_name, v.template_name)
            = (f.schema_name, f.template_name)), '[]'),
    coalesce((SELECT jsonb_agg(jsonb_build_object('jobid', j.jobid, 'name', j.name, 'active', j.active,
        'runs', j.runs, 'failures', j.failures, 'status', j.status, 'started', extract(epoch FROM j.started),
        'ended', extract(epoch FROM j.ended), 'succeeded', extract(epoch FROM j.succeeded)) ORDER BY j.jobid)
        FROM _wh_internal.job_facts(%(most_runs)s) j), '[]'),
    coalesce((SELECT jsonb_agg(jsonb_build_object('connection', c.tenant_name,
        'age', extract(epoch FROM statement_timestamp() - c.password_set_at)) ORDER BY c.tenant_name)
        FROM _wh.tenant_connections c WHERE c.password_set_at IS NOT NULL), '[]'),
    (SELECT k.own FROM keeper k),
    CASE WHEN (SELECT k.own AND k.open FROM keeper k) THEN (SELECT jsonb_build_object(
        'alive', extract(epoch FROM l.alive_at), 'tick', extract(epoch FROM l.last_tick))
        FROM _wh.job_leader() l) END,
    (SELECT jsonb_build_object('at', extract(epoch FROM b.made_at), 'bytes', b.bytes) FROM _wh.last_backup b),
    (SELECT count(*) FROM pg_locks l WHERE l.granted AND NOT l.fastpath),
    current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint
        + current_setting('max_prepared_transactions')::bigint)

-- name: limit_time
-- End the statement if the warehouse is too busy for it.
SELECT set_config('statement_timeout', %(milliseconds)s::text, false)
