-- name: routines
-- The warehouse's functions: a hash of the text, owner, settings and whether all may call them.
SELECT n.nspname::text, p.proname::text, encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'), p.prosecdef,
    (SELECT substr(c.setting, length('search_path=') + 1) FROM unnest(p.proconfig) c (setting)
    WHERE starts_with(c.setting, 'search_path=')),
    pg_get_userbyid(p.proowner)::text, has_function_privilege('public', p.oid, 'EXECUTE'),
        p.oid::regprocedure::text,
    CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('_wh', '_wh_internal', 'cron')
ORDER BY 1, 2

-- name: unpinned
-- The functions among these that lack the settings of _wh_internal.pins().
SELECT format('%%s.%%s', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE format('%%s.%%s', n.nspname, p.proname) = ANY (%(names)s) AND EXISTS (
    SELECT FROM _wh_internal.pins() s WHERE current_setting(s.name, true) IS NOT NULL
    AND format('%%s=%%s', s.name, s.value) <> ALL (p.proconfig))
ORDER BY 1

-- name: triggers
-- The triggers that work on tables of _wh.
SELECT format('%%s.%%s', n.nspname, c.relname), t.tgname::text FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '_wh' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')

-- name: own_cron
-- Whether jobs are kept in Tenantry's own schema cron.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'cron' AND pg_get_userbyid(nspowner) = 'whadmin')
    AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')

-- name: connections
-- Each connection with the tenants that use it, and those of them that are not disabled.
SELECT coalesce(c.tenant_name, t.tenant_name), c.tenant_name IS NOT NULL, coalesce(t.schemas, '{}'),
    coalesce(t.at_work, '{}')
FROM _wh.tenant_connections c
FULL JOIN (
    SELECT f.tenant_name, array_agg(DISTINCT f.schema_name ORDER BY f.schema_name) AS schemas,
        array_agg(DISTINCT f.schema_name
        ORDER BY f.schema_name) FILTER (WHERE w.disabled_at IS NULL) AS at_work
    FROM _wh.feeds f JOIN _wh.tenants w USING (schema_name)
    WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name) GROUP BY f.tenant_name
) t USING (tenant_name)
WHERE %(tenant)s::text IS NULL OR t.tenant_name IS NOT NULL
ORDER BY 1

-- name: password_ages
-- Connections whose password is older than the given number of days, or may be: for some, the time was not
-- recorded.
SELECT c.tenant_name, extract(day FROM now() - coalesce(c.password_set_at, c.created_at))::integer,
    c.password_set_at IS NOT NULL
FROM _wh.tenant_connections c
WHERE coalesce(c.password_set_at, c.created_at) < now() - make_interval(days => %(most)s)
    AND _wh_internal.source_conninfo(c.tenant_name) ? 'password'
    AND (%(tenant)s::text IS NULL
        OR EXISTS (SELECT FROM _wh.feeds f
        WHERE f.tenant_name = c.tenant_name AND f.schema_name = %(tenant)s))
ORDER BY 2 DESC, 1

-- name: adopting
-- Whether a warehouse that was made by hand is being adopted.
SELECT to_regclass('_wh_adopt.steps') IS NOT NULL

-- name: adoption
-- Whether everything was taken over, and how many daily views hold a password.
SELECT EXISTS (SELECT FROM _wh_adopt.steps WHERE step = 'jobs'),
    (SELECT count(*) FROM _wh.tenants t
    JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident(t.schema_name)) AND c.relkind = 'm'
    WHERE _wh_internal.shows_password(pg_get_viewdef(c.oid)))

-- name: shown_passwords
-- What of people's own shows the password of a connection: kind, name and connection. Short passwords are
-- left out: they are found in other words, too. A tenant's views are made without it. Each text is
-- searched once, however many things have it: the columns of tenants share their comments.
WITH secrets AS MATERIALIZED (
    SELECT c.tenant_name, s.secret, replace(s.secret, '''', '''''') AS quoted FROM _wh.tenant_connections c
    CROSS JOIN LATERAL (SELECT _wh_internal.source_conninfo(c.tenant_name) ->> 'password' AS secret) s
    WHERE length(s.secret) >= 8
), texts (kind, name, body) AS MATERIALIZED (
    SELECT DISTINCT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, c.oid::regclass::text,
        pg_get_viewdef(c.oid)
    FROM pg_extension e
    JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e'
        AND m.classid = 'pg_proc'::regclass
    JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
    WHERE e.extname = 'dblink'
        AND c.relnamespace NOT IN (SELECT to_regnamespace(quote_ident(t.schema_name)) FROM _wh.tenants t
        WHERE to_regnamespace(quote_ident(t.schema_name)) IS NOT NULL)
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, p.prosrc FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', '_wh_internal')
    UNION ALL
    SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
    FROM pg_description d WHERE d.objoid >= 16384
    UNION ALL
    SELECT 'job', j.name, j.command FROM unnest(%(jobs)s::text[], %(commands)s::text[]) j (name, command)
), found AS MATERIALIZED (
    SELECT b.body, s.tenant_name FROM (SELECT DISTINCT t.body FROM texts t) b
    JOIN secrets s ON strpos(b.body, s.secret) > 0 OR strpos(b.body, s.quoted) > 0
        OR strpos(b.body, replace(s.quoted, '\', '\\')) > 0
)
SELECT DISTINCT ON (t.kind, t.name) t.kind, t.name, f.tenant_name FROM texts t JOIN found f USING (body)
ORDER BY t.kind, t.name, f.tenant_name

-- name: ending_readers
-- Readers whose password expires within the given number of days, or has expired; infinity never does.
SELECT r.rolname::text, floor(extract(epoch FROM r.rolvaliduntil - now()) / 86400)::integer,
    w.reader_name IS NOT NULL, w.tenants
FROM pg_roles r LEFT JOIN _wh.readers w ON w.reader_name = r.rolname
WHERE isfinite(r.rolvaliduntil) AND r.rolvaliduntil < now() + make_interval(days => %(soon)s)
    AND (w.reader_name IS NOT NULL OR r.rolname = 'phood_ro')
ORDER BY r.rolvaliduntil, 1

-- name: find_dblink
-- Let the session find dblink, whatever schema it is in.
SELECT set_config('search_path', quote_ident(_wh_internal.dblink_schema()), false)

-- name: clock
-- The server's clock before a login to a source.
SELECT clock_timestamp()

-- name: ask_source
-- The source is queried between two readings of the warehouse's clock, over the login that the session holds.
WITH before AS MATERIALIZED (SELECT clock_timestamp() AS moment)
SELECT b.moment, s.moment, clock_timestamp(), s.encrypted, c.options ->> 'sslmode',
    NOT EXISTS (SELECT FROM unnest(string_to_array(c.host, ',')) h
    WHERE h NOT IN ('localhost', '127.0.0.1', '::1') AND h NOT LIKE '/%%')
FROM before b
CROSS JOIN LATERAL dblink(_wh_internal.known_server(%(name)s), CASE WHEN b.moment IS NOT NULL
    THEN 'SELECT clock_timestamp(), (SELECT s.ssl FROM pg_catalog.pg_stat_ssl s WHERE s.pid = '
    'pg_catalog.pg_backend_pid())' END)
    AS s (moment timestamptz, encrypted boolean)
JOIN _wh.tenant_connections c ON c.tenant_name = %(name)s

-- name: feeds
-- Each feed, the view or table that reports read, and the states of its days: present ones outside of folded
-- years by their number in each year and the newest up to today, others as ranges. A day is stale if it was
-- loaded before it had ended; the first two hours of the next day are left for repairing that. day_states
-- takes milliseconds, so it is called only for feeds in which something is wrong or uncertain.
WITH states AS MATERIALIZED (
    SELECT s.schema_name, s.template_name, s.years,
        s.doubtful OR s.missing + s.failed + s.stale + s.outdated > 0 AS odd
    FROM _wh_internal.feed_states() s WHERE %(tenant)s::text IS NULL
)
SELECT f.schema_name, f.template_name, f.tenant_name, k.daily, k.steady, k.shared,
    t.template_name IS NOT NULL, t.time_column IS NOT NULL,
    c.relkind, w.disabled_at IS NOT NULL,
    -- PostgreSQL finds nothing by name in a schema that the role may not use.
    CASE WHEN t.template_name IS NOT NULL AND c.oid IS NOT NULL AND has_schema_privilege(s.oid, 'USAGE')
        THEN _wh_internal.view_columns(f.schema_name, n.name) <> _wh_internal.columns_shape(
            _wh_internal.shown_columns(f.template_name))
        ELSE false END,
    r.last_load, coalesce(CASE WHEN coalesce(a.odd, true) THEN d.years ELSE r.years END, '{}'),
    CASE WHEN coalesce(a.odd, true) THEN d.newest ELSE r.newest END, coalesce(d.missing, '{}'),
    coalesce(d.failed, '{}'), r.error, coalesce(d.stale, '{}'), coalesce(d.outdated, '{}'),
    coalesce(_wh_internal.range_capable(_wh_internal.for_tenant(t, f.schema_name)), false)
FROM _wh.feeds f
JOIN _wh.tenants w USING (schema_name)
JOIN _wh.storages k USING (storage)
LEFT JOIN states a ON a.schema_name = f.schema_name AND a.template_name = f.template_name
CROSS JOIN LATERAL _wh_internal.fit_name(f.template_name) n (name)
LEFT JOIN pg_namespace s ON s.nspname = f.schema_name
CROSS JOIN LATERAL (
    SELECT array_agg(ARRAY[g.year, g.days] ORDER BY g.year) FILTER (WHERE g.days > 0) AS years,
        max(g.newest) AS newest, range_agg(g.missing) AS missing, range_agg(g.failed) AS failed,
        range_agg(g.stale) AS stale, range_agg(g.outdated) AS outdated
    FROM (
        SELECT extract(year FROM x.day)::integer AS year,
            count(*) FILTER (WHERE x.present AND NOT x.folded) AS days,
            max(x.day) FILTER (WHERE x.present AND NOT x.folded AND x.day <= u.today) AS newest,
            range_agg(u.day) FILTER (WHERE x.missing AND NOT x.failed) AS missing,
            range_agg(u.day) FILTER (WHERE x.failed) AS failed,
            range_agg(u.day) FILTER (WHERE x.stale AND NOT x.failed
                AND x.day < ((now() - interval '2 hours') AT TIME ZONE 'UTC')::date) AS stale,
            range_agg(u.day) FILTER (WHERE x.outdated) AS outdated
        FROM _wh_internal.day_states(f) x
        CROSS JOIN LATERAL (
            SELECT daterange(x.day, x.day, '[]'), (now() AT TIME ZONE 'UTC')::date
        ) u (day, today)
        -- Nothing can be counted in a schema that the role may not use. Tenantry's groups, which may use none
        -- of them, go by the records.
        WHERE coalesce(a.odd, true)
            AND (coalesce(has_schema_privilege(s.oid, 'USAGE'), true) OR current_user <> 'whadmin')
        GROUP BY 1
    ) g
) d
LEFT JOIN LATERAL (
    SELECT max(g.last_load) AS last_load,
        (array_agg(g.error ORDER BY g.year DESC) FILTER (WHERE g.failed > 0))[1] AS error,
        array_agg(ARRAY[g.year, g.days] ORDER BY g.year) FILTER (WHERE g.days > 0 AND g.loose) AS years,
        max(g.newest) FILTER (WHERE g.loose) AS newest
    FROM (
        SELECT extract(year FROM x.slice_date)::integer AS year, max(x.loaded_at) AS last_load,
            count(*) FILTER (WHERE x.status = 'failed') AS failed,
            (array_agg(x.error ORDER BY x.slice_date DESC) FILTER (WHERE x.status = 'failed'))[1] AS error,
            extract(year FROM x.slice_date)::integer <> ALL (a.years) AS loose,
            count(*) FILTER (WHERE x.loaded_at IS NOT NULL) AS days,
            max(x.slice_date) FILTER (WHERE x.loaded_at IS NOT NULL
                AND x.slice_date <= (now() AT TIME ZONE 'UTC')::date) AS newest
        FROM _wh.slices x WHERE x.schema_name = f.schema_name AND x.template_name = f.template_name
        GROUP BY extract(year FROM x.slice_date)::integer
    ) g
) r ON true
LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.name
LEFT JOIN _wh.mv_templates t ON t.template_name = f.template_name
WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
ORDER BY 1, 2

-- name: unbound
-- How many days of each feed are proved only by a count of rows, because their relation has been filled again
-- since their load. Rows are counted only for feeds with a record that is bound to no present filling.
WITH held AS MATERIALIZED (
    SELECT f.schema_name, f.template_name, pg_relation_filenode(r.relid) AS filenode, r.first_day, r.last_day
    FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.storage_relations(f) r
    WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
), loose AS MATERIALIZED (
    SELECT DISTINCT g.schema_name, g.template_name FROM (
        SELECT s.schema_name, s.template_name, s.filenode, min(s.slice_date) AS first_day,
            max(s.slice_date) AS last_day
        FROM _wh.slices s WHERE s.loaded_at IS NOT NULL
            AND s.schema_name = coalesce(%(tenant)s::text, s.schema_name)
        GROUP BY s.schema_name, s.template_name, s.filenode
    ) g LEFT JOIN held h ON h.schema_name = g.schema_name AND h.template_name = g.template_name
        AND h.filenode = g.filenode AND g.first_day >= h.first_day AND g.last_day <= h.last_day
    WHERE h.filenode IS NULL
)
SELECT f.schema_name, f.template_name, count(*)
FROM loose l JOIN _wh.feeds f USING (schema_name, template_name)
CROSS JOIN LATERAL _wh_internal.stored_days(f, counted => false) d
JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
    AND s.slice_date = d.slice_date
WHERE s.loaded_at IS NOT NULL AND NOT d.bound
    AND has_schema_privilege(to_regnamespace(quote_ident(f.schema_name))::oid, 'USAGE')
GROUP BY 1, 2 ORDER BY 1, 2

-- name: miscounted
-- The days of each feed whose number of stored rows differs from their records. Reads all rows.
SELECT f.schema_name, f.template_name, array_agg(s.slice_date ORDER BY s.slice_date),
    sum(s.row_count)::bigint, sum(c.row_count)::bigint
FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.count_span(f, DATE '0001-01-01', DATE '9999-12-31') c
JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
    AND s.slice_date = c.slice_date
WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name) AND s.loaded_at IS NOT NULL
    AND s.row_count <> c.row_count
    AND has_schema_privilege(to_regnamespace(quote_ident(f.schema_name))::oid, 'USAGE')
GROUP BY 1, 2 ORDER BY 1, 2

-- name: parts
-- The relations that hold the feeds' rows, and whether the tenant's view reads each.
WITH feeds AS MATERIALIZED (
    SELECT f AS feed, f.schema_name, f.template_name, r.oid AS rule
    FROM _wh.feeds f
    JOIN pg_namespace s ON s.nspname = f.schema_name
    LEFT JOIN pg_rewrite r ON r.ev_class = (SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = s.oid AND c.relname = _wh_internal.fit_name(f.template_name)
        AND c.relkind = 'v')
    WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
), indexes AS MATERIALIZED (
    SELECT i.indrelid, count(*) AS indexes FROM pg_index i GROUP BY i.indrelid
), reads AS MATERIALIZED (
    SELECT DISTINCT d.objid, d.refobjid FROM feeds f
    JOIN pg_depend d ON d.objid = f.rule AND d.classid = 'pg_rewrite'::regclass
        AND d.refclassid = 'pg_class'::regclass
)
SELECT f.schema_name, f.template_name, p.relname, p.first_day, p.last_day, p.daily, p.folded,
    pg_get_userbyid(c.relowner)::text,
    coalesce(i.indexes, 0), r.refobjid IS NOT NULL
FROM feeds f
CROSS JOIN LATERAL _wh_internal.storage_relations(f.feed) p
JOIN pg_class c ON c.oid = p.relid
LEFT JOIN indexes i ON i.indrelid = c.oid
LEFT JOIN reads r ON r.objid = f.rule AND r.refobjid = c.oid

-- name: now
-- The time of the transaction.
SELECT now()

-- name: foreign_owners
-- Relations that show a feed's rows and belong to a role other than whadmin, so that whadmin could not change
-- them.
SELECT format('%%I.%%I', n.nspname, c.relname), CASE c.relkind WHEN 'v' THEN 'VIEW'
    ELSE 'TABLE' END, pg_get_userbyid(c.relowner)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('p', 'v') AND c.relowner <> 'whadmin'::regrole AND (n.nspname, c.relname) IN (
    SELECT f.schema_name, _wh_internal.fit_name(f.template_name) FROM _wh.feeds f
    UNION ALL SELECT 'public', _wh_internal.fit_name(f.template_name) FROM _wh.feeds f)
ORDER BY 1

-- name: empty_days
-- Yesterday has no rows, although the same weekday of the previous four weeks had some.
SELECT s.schema_name, s.template_name, s.slice_date, round(avg(w.row_count))::bigint
FROM _wh.slices s
JOIN _wh.slices w ON w.schema_name = s.schema_name AND w.template_name = s.template_name
    AND w.slice_date IN (s.slice_date - 7, s.slice_date - 14, s.slice_date - 21, s.slice_date - 28)
    AND w.row_count > 0
WHERE s.slice_date = _wh.current_date_utc() - 1 AND s.row_count = 0
    AND s.schema_name = coalesce(%(tenant)s::text, s.schema_name)
GROUP BY s.schema_name, s.template_name, s.slice_date HAVING count(*) = 4
ORDER BY 1, 2

-- name: growth
-- The rows of the last four weeks, and of the four weeks before; only if all of those days were loaded.
SELECT g.schema_name, g.template_name, g.before, g.lately FROM (
    SELECT s.schema_name, s.template_name, count(*) AS days,
        coalesce(sum(s.row_count) FILTER (WHERE s.slice_date < t.day - 28), 0)::bigint AS before,
        coalesce(sum(s.row_count) FILTER (WHERE s.slice_date >= t.day - 28), 0)::bigint AS lately
    FROM _wh.slices s CROSS JOIN _wh.current_date_utc() AS t (day)
    WHERE s.slice_date >= t.day - 56 AND s.slice_date < t.day AND s.loaded_at IS NOT NULL
        AND s.schema_name = coalesce(%(tenant)s::text, s.schema_name)
    GROUP BY 1, 2
) g
WHERE g.days = 56 AND g.before >= 1000 AND (g.lately >= g.before * 2 OR g.lately * 2 <= g.before)
ORDER BY 1, 2

-- name: publications
-- Tenants' tables whose changes are published although they have no replica identity by which a subscriber
-- can identify a row: something that was set by hand. Few tables are published, so the rest is about those.
WITH published AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE EXISTS (SELECT FROM pg_publication)
        AND (n.nspname = '_wh_data' OR n.nspname IN (SELECT t.schema_name FROM _wh.tenants t))
        AND c.relkind = 'r' AND (c.relreplident = 'n' OR c.relreplident = 'i' AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid))
        AND _wh_internal.published(c.oid)
), kept AS MATERIALIZED (
    SELECT f.schema_name, r.relid FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.feed_relations(f) r
    WHERE EXISTS (SELECT FROM published)
)
SELECT DISTINCT p.oid::regclass::text, p.relreplident = 'n' FROM published p
LEFT JOIN kept k ON k.relid = p.oid
WHERE CASE WHEN p.nspname = '_wh_data' THEN k.schema_name ELSE p.nspname END = coalesce(%(tenant)s,
    CASE WHEN p.nspname = '_wh_data' THEN k.schema_name ELSE p.nspname END)
ORDER BY 1

-- name: odd_templates
-- Templates whose indexes would be refused today, and why.
SELECT t.template_name, r.refusal FROM _wh.mv_templates t CROSS
    JOIN LATERAL _wh_internal.index_refusal(t) r (refusal)
WHERE r.refusal IS NOT NULL ORDER BY 1

-- name: drifted
-- Own queries of tenants that were tried before the template's columns changed.
SELECT o.template, o.tenant FROM _wh_internal.override_facts() o
WHERE o.drifted AND o.tenant = coalesce(%(tenant)s::text, o.tenant)

-- name: lookbacks
-- How many days back the nightly windows of templates look, where somebody has chosen that.
SELECT t.template_name, t.lookback FROM _wh.mv_templates t WHERE t.lookback <> 14

-- name: unfit
-- Tables and daily views that do not match their template.
SELECT u.schema_name, u.template_name, u.kind, count(*), (array_agg(u.relname ORDER BY u.relname))[1:4]
FROM _wh_internal.unfit_feeds(NULL, %(tenant)s) u
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: public_views
-- The relation in public for each template, and the tenants whose view or table it does not include.
WITH tenants AS MATERIALIZED (
    SELECT f.template_name, f.schema_name, c.oid AS relid, i.inhparent AS united,
        _wh_internal.storage_table(f) AS kept
    FROM _wh.feeds f
    JOIN _wh.mv_templates t USING (template_name)
    LEFT JOIN pg_class c ON c.relname = _wh_internal.fit_name(f.template_name)
        AND c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = f.schema_name)
    LEFT JOIN pg_inherits i ON i.inhrelid = _wh_internal.kept_relation(_wh_internal.kept_name(f))
), tops AS MATERIALIZED (
    SELECT t.template_name, c.oid AS relid, c.relkind FROM (SELECT DISTINCT template_name FROM tenants) t
    LEFT JOIN pg_class c ON c.oid = to_regclass(format('public.%%I', _wh_internal.fit_name(t.template_name)))
), reads AS MATERIALIZED (
    SELECT DISTINCT r.ev_class AS top, d.refobjid AS relid FROM tops t
    JOIN pg_rewrite r ON r.ev_class = t.relid
    JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
        AND d.refclassid = 'pg_class'::regclass
)
SELECT p.template_name, p.relkind, array_agg(t.schema_name ORDER BY t.schema_name) FILTER (WHERE NOT r.shown)
FROM tops p
JOIN tenants t USING (template_name)
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM reads r WHERE r.top = p.relid
    AND r.relid IN (t.relid, t.united, t.kept)) AS shown) r
WHERE t.relid IS NOT NULL
    -- A table is one that is to be moved to _wh_data.
    AND p.relkind IS DISTINCT FROM 'p'
GROUP BY p.template_name, p.relkind HAVING p.relkind IS NULL OR NOT bool_and(r.shown)
ORDER BY 1

-- name: server
-- The server's clock, state and the settings that checks look at.
SELECT clock_timestamp(), pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean,
    current_setting('autovacuum')::boolean, current_setting('track_counts')::boolean,
    current_setting('fsync')::boolean,
    current_setting('full_page_writes')::boolean, current_database()::text,
    (SELECT string_agg(CASE WHEN s.setrole = 0 THEN 'database'
        ELSE 'role ' || pg_get_userbyid(s.setrole) END, ', ')
     FROM pg_db_role_setting s
         WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND s.setrole IN (0, 'whadmin'::regrole)
        AND s.setconfig && '{default_transaction_read_only=on,default_transaction_read_only=true,'
            'default_transaction_read_only=1}'::text[])

-- name: told_secrets
-- Settings that reveal a source's password when it is stored, and that whadmin may not change for that
-- moment.
SELECT 'log_statement', current_setting('log_statement'), 'log_parameter_max_length'
WHERE current_setting('log_statement') IN ('all', 'mod')
    AND current_setting('log_parameter_max_length') <> '0'
    AND NOT has_parameter_privilege('whadmin', 'log_parameter_max_length', 'SET')
UNION ALL
SELECT 'pg_stat_statements.track', 'all', 'pg_stat_statements.track_utility'
WHERE current_setting('pg_stat_statements.track', true) = 'all'
    AND current_setting('pg_stat_statements.track_utility', true) = 'on'
    AND NOT has_parameter_privilege('whadmin', 'pg_stat_statements.track_utility', 'SET')

-- name: client_sessions
-- Sessions of clients, and how many there may be.
SELECT count(*), current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0)
FROM pg_stat_activity a
-- An ordinary session cannot see the type of other roles' sessions.
WHERE a.backend_type = 'client backend' OR a.backend_type IS NULL AND a.usename IS NOT NULL

-- name: long_transactions
-- Transactions that are open for long.
SELECT a.pid, a.usename::text, a.application_name, a.state, extract(epoch FROM now() - a.xact_start)::float8,
    extract(epoch FROM now() - a.state_change)::float8, left(a.query, 80)
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
    AND CASE WHEN a.state LIKE 'idle in transaction%%' THEN a.state_change < now() - %(patience)s / 6
        ELSE a.xact_start < now() - %(patience)s END
ORDER BY a.xact_start

-- name: waiting_sessions
-- Sessions that have waited long for a lock, and who holds it.
SELECT a.pid, a.usename::text, extract(epoch FROM now() - a.state_change)::float8, b.pids[1], b.pids
FROM pg_stat_activity a CROSS JOIN LATERAL pg_blocking_pids(a.pid) b (pids)
WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
    AND a.state_change < now() - %(patience)s / 12 AND b.pids <> '{}'
ORDER BY a.state_change

-- name: idle_holders
-- Sessions that have been idle for long, with the keys of the advisory locks that they hold.
SELECT a.pid, a.usename::text, a.application_name, extract(epoch FROM now() - a.state_change)::float8,
    array_agg(l.classid::bigint << 32 | l.objid::bigint)
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND a.datname = current_database()
    AND a.state = 'idle'
    AND a.state_change < now() - %(patience)s / 12
GROUP BY 1, 2, 3, 4 ORDER BY 1

-- name: lock_keys
-- Which of these keys are those of a tenant or of its move. whadmin asks this, because an administrator runs
-- none of whadmin's functions.
SELECT k.key FROM _wh.feeds f
CROSS JOIN LATERAL unnest(ARRAY[_wh_internal.tenant_lock(f.schema_name), _wh_internal.move_lock(f)]) k (key)
WHERE k.key = ANY (%(keys)s::bigint[])

-- name: all_lock_keys
-- Which of these keys are Tenantry's own; whadmin asks this, too. There is one for each day, so they are not
-- listed.
SELECT k.key FROM (
    SELECT unnest(ARRAY[8321567904, 8321567905, 8321567906, hashtextextended('tenantry apply', 0)])
    UNION ALL SELECT unnest(ARRAY[_wh_internal.tenant_lock(t.schema_name),
        hashtextextended('tenantry register ' || t.schema_name, 0)]) FROM _wh.tenants t
    UNION ALL SELECT _wh_internal.move_lock(f) FROM _wh.feeds f
    UNION ALL SELECT _wh_internal.year_lock(f, y) FROM _wh.feeds f CROSS
        JOIN generate_series(2000, extract(year FROM now())::integer + 1) y
    UNION ALL
    SELECT hashtextextended(jsonb_build_array('tenantry view', v.schema_name, f.template_name)::text, 0)
        FROM _wh.feeds f CROSS JOIN LATERAL (VALUES ('public'), (f.schema_name)) v (schema_name)
    UNION ALL SELECT hashtextextended(jsonb_build_array('tenantry slice', s.schema_name, s.template_name,
        s.slice_date)::text, 0) FROM _wh.slices s
    UNION ALL SELECT hashtextextended(jsonb_build_array('tenantry slice', f.schema_name, f.template_name,
        _wh.current_date_utc() + n)::text, 0)
        FROM _wh.feeds f CROSS JOIN generate_series(-3, 3) n
) k (key)
WHERE k.key = ANY (%(keys)s::bigint[])

-- name: strange_holders
-- Sessions that hold advisory locks, or wait for some, although their roles have no rights here: whether one
-- is certainly Tenantry's, and the keys of the others.
SELECT a.pid, a.usename::text, a.application_name, coalesce(host(a.client_addr), ''),
    bool_or(l.objsubid = 2 AND l.classid = 8321567),
    coalesce(array_agg(l.classid::bigint << 32 | l.objid::bigint) FILTER (WHERE l.objsubid = 1), '{}')
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND a.datname = current_database()
    AND NOT has_schema_privilege(a.usesysid, '_wh', 'USAGE')
GROUP BY 1, 2, 3, 4 ORDER BY 1

-- name: prepared_transactions
-- Transactions that were prepared long ago.
SELECT gid, extract(epoch FROM now() - prepared)::float8, owner::text FROM pg_prepared_xacts
WHERE database = current_database() AND prepared < now() - %(patience)s ORDER BY prepared

-- name: idle_slots
-- Replication slots that nobody uses and that keep old rows.
SELECT slot_name::text, greatest(age(xmin), age(catalog_xmin))::bigint FROM pg_replication_slots
WHERE NOT active AND greatest(age(xmin), age(catalog_xmin)) > 1000000 ORDER BY 1

-- name: tables
-- Tables with more dead rows than half of the live ones that autovacuum has not visited for an hour
-- (bloated), and tables without statistics. It does not use pg_stat_all_tables, which also reads each table's
-- indexes. The catalog's tables grow with the number of materialized views.
SELECT format('%%I.%%I', t.schema, t.name), t.dead, t.live, t.vacuumed, t.schema <> 'pg_catalog', t.bloated
FROM (
    SELECT s.*, s.dead > CASE s.schema WHEN 'pg_catalog' THEN 100000 ELSE 1000 END AND s.dead > s.live / 2
        AND coalesce(s.vacuumed, '-infinity') < now() - interval '1 hour' AS bloated
    FROM (
        SELECT n.nspname AS schema, c.relname AS name, pg_stat_get_dead_tuples(c.oid) AS dead,
        pg_stat_get_live_tuples(c.oid) AS live,
            greatest(pg_stat_get_last_vacuum_time(c.oid),
            pg_stat_get_last_autovacuum_time(c.oid)) AS vacuumed,
            coalesce(pg_stat_get_last_analyze_time(c.oid),
                pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm')
            AND (n.nspname IN ('_wh', '_wh_data', 'cron', 'public', 'pg_catalog')
            OR n.nspname IN (SELECT schema_name FROM _wh.tenants))
    ) s
) t
WHERE t.bloated OR t.live > 10000 AND t.analyzed IS NULL
ORDER BY t.dead DESC

-- name: transaction_age
-- How old the database's oldest transaction is, and when autovacuum must act.
SELECT age(datfrozenxid)::bigint, mxid_age(datminmxid)::bigint,
    current_setting('autovacuum_freeze_max_age')::bigint,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint
FROM pg_database WHERE datname = current_database()

-- name: aside
-- What a move between storages has left: the copy of an interrupted move (tenantry_move_), with its target
-- storage, or the old storage (tenantry_old_).
SELECT f.schema_name, f.template_name,
    coalesce(substr(max(t.detail), 4, strpos(max(t.detail), ' storage ') - 4), f.storage), p.prefix,
    count(*), sum(c.relpages)::bigint * current_setting('block_size')::bigint
FROM _wh.feeds f
CROSS JOIN (VALUES ('tenantry_move_'), ('tenantry_old_')) p (prefix)
CROSS JOIN LATERAL (VALUES (f.schema_name, p.prefix || f.template_name),
    ('_wh_data', _wh_internal.kept_base(f.schema_name, p.prefix || f.template_name))) k (place, base)
CROSS JOIN LATERAL _wh_internal.name_stem(k.base) s (stem)
JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident(k.place)) AND c.relkind IN ('r', 'm')
    AND c.relname >= (s.stem || '_')::name AND c.relname < (s.stem || '`')::name
LEFT JOIN _wh.feed_tables t ON t.schema_name = f.schema_name AND t.template_name = f.template_name
    AND t.state = 'copy'
WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
GROUP BY 1, 2, f.storage, 4 ORDER BY 1, 2

-- name: moving
-- Whether a move is at work.
SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tenantry move')

-- name: job_runs
-- How many runs of jobs are on record, how much space they take, and since when the role sees some.
SELECT greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid),
    (SELECT coalesce(d.end_time, d.start_time) FROM cron.job_run_details d ORDER BY d.runid LIMIT 1)
FROM pg_class c WHERE c.oid = 'cron.job_run_details'::regclass

-- name: log_run
-- pg_cron's setting; no row if the role may not see it.
SELECT s.setting FROM pg_settings s WHERE s.name = 'cron.log_run'

-- name: invalid_indexes
-- Invalid indexes that nobody is making.
SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i'
    AND (n.nspname IN ('_wh', '_wh_data', 'public') OR n.nspname IN (SELECT schema_name FROM _wh.tenants))
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
ORDER BY 1

-- name: unindexed
-- Except while a load is running that will index them.
SELECT f.schema_name, f.template_name, u.relid::regclass::text
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.unindexed_tables(f) u
WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
    AND NOT EXISTS (SELECT FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.application_name = 'tenantry backfill')
ORDER BY 1, 2, 3

-- name: unfinished_folds
-- Folds in steps that were cut off: the year, and how many daily views are left. Except while one is at work.
SELECT f.schema_name, f.template_name, y.year, count(*) FILTER (WHERE r.leftover)
FROM _wh.feeds f
CROSS JOIN LATERAL (SELECT DISTINCT extract(year FROM r.first_day)::integer AS year
    FROM _wh_internal.storage_relations(f, only_daily => false) r WHERE r.folded) y
LEFT JOIN LATERAL (SELECT d.leftover, d.first_day
    FROM _wh_internal.storage_relations(f, only_daily => true) d) r
    ON extract(year FROM r.first_day) = y.year
WHERE f.schema_name = coalesce(%(tenant)s::text, f.schema_name)
    AND _wh_internal.fold_step(f, y.year) IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.query ~ 'fold_(feed|year_step|in_steps)[(]'
        AND a.pid <> pg_backend_pid()
        -- Between two steps, the session is idle for a moment.
        AND (a.state <> 'idle' OR a.state_change > now() - interval '10 seconds'))
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: half_dropped
-- Tenants whose drop was cut off.
SELECT t.schema_name, t.dropping_at FROM _wh.tenants t
WHERE t.dropping_at < now() - interval '10 minutes'
    AND t.schema_name = coalesce(%(tenant)s::text, t.schema_name) ORDER BY 1

-- name: disabled
-- Disabled tenants.
SELECT t.schema_name, t.disabled_at, t.disabled_reason FROM _wh.tenants t
WHERE t.disabled_at IS NOT NULL AND t.schema_name = coalesce(%(tenant)s::text, t.schema_name) ORDER BY 1

-- name: unowned_tables
-- Tables in _wh_data that belong to no tenant: one that was detached, or whose tenant was deleted from
-- Tenantry's tables. Those that are united with others are still in the public view.
WITH bases AS MATERIALIZED (
    SELECT _wh_internal.kept_base(f.schema_name, p.prefix || f.template_name) AS base FROM _wh.feeds f
    CROSS JOIN unnest('{"",tenantry_move_,tenantry_old_,tenantry_new_,tenantry_former_}'::text[]) p (prefix)
    UNION ALL SELECT _wh_internal.kept_base('public', t.template_name) FROM _wh.mv_templates t
    UNION ALL SELECT _wh_internal.shared_base(t.template_name, s.storage)
    FROM _wh.mv_templates t JOIN _wh.storages s ON s.shared
), unowned AS MATERIALIZED (
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = to_regnamespace('_wh_data') AND c.relkind IN ('r', 'p')
        AND c.relname::text NOT IN (SELECT _wh_internal.fit_name(b.base) FROM bases b)
        AND regexp_replace(c.relname::text, '_[0-9]{4}(_[0-9]{2})?$', '') NOT IN (
            SELECT _wh_internal.name_stem(b.base) FROM bases b)
)
SELECT u.oid::regclass::text FROM unowned u WHERE NOT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_partitioned_table k ON k.partrelid = i.inhparent
    -- One that is ranged is a tenant's.
    WHERE i.inhrelid = u.oid AND k.partstrat = 'r')
ORDER BY 1

-- name: orphan_servers
-- Foreign servers of deleted connections; they hold passwords.
SELECT s.srvname::text FROM pg_foreign_server s
JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'dblink_fdw'
WHERE starts_with(s.srvname, 'wh_') AND pg_get_userbyid(s.srvowner) = 'whadmin'
    AND s.srvname NOT IN (SELECT _wh_internal.server_name(c.tenant_name) FROM _wh.tenant_connections c)
ORDER BY 1

-- name: failed_log
-- The number of errors in the log within a day, and the last one.
SELECT count(*), (array_agg(message ORDER BY id DESC))[1] FROM _wh.function_logs
WHERE log_level = 'ERROR' AND created_at > now() - interval '1 day'
    AND (%(tenant)s::text IS NULL
    OR %(tenant)s IN (context ->> 'tenant', context ->> 'schema_name', context ->> 'schema'))

-- name: attributes
-- The attributes of the two roles.
SELECT r.rolname::text, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls,
    r.rolcanlogin
FROM pg_roles r WHERE r.rolname IN ('whadmin', 'phood_ro') ORDER BY 1 DESC

-- name: reader_memberships
-- Roles that phood_ro is a member of and that let it do more than read reports.
SELECT r.rolname::text FROM pg_roles r
WHERE r.rolname IN ('whadmin', 'postgres', 'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
    'pg_write_server_files',
        'pg_execute_server_program')
    AND EXISTS (SELECT FROM pg_auth_members m
        WHERE m.roleid = r.oid AND pg_get_userbyid(m.member) = 'phood_ro')
ORDER BY 1

-- name: schema_rights
-- Schemas that phood_ro may not read or may change, and schemas in which whadmin may not work. Only existing
-- schemas.
SELECT n.nspname::text, n.nspname IN ('_wh', '_wh_data', '_wh_internal'),
    has_schema_privilege('phood_ro', n.oid, 'USAGE'),
    has_schema_privilege('phood_ro', n.oid, 'CREATE'),
    has_schema_privilege('whadmin', n.oid, 'USAGE') AND has_schema_privilege('whadmin', n.oid, 'CREATE'),
    EXISTS (SELECT FROM aclexplode(n.nspacl) x WHERE x.privilege_type = 'CREATE' AND x.grantee = 0),
    pg_get_userbyid(n.nspowner)::text
FROM pg_namespace n
WHERE n.nspname IN ('_wh', '_wh_data', '_wh_internal', 'public') OR n.nspname IN (
    SELECT schema_name FROM _wh.feeds)
ORDER BY 1

-- name: unreadable
-- Views and tables that reports read but phood_ro may not.
SELECT format('%%I.%%I', n.nspname, c.relname), pg_get_userbyid(c.relowner)::text
FROM (
    SELECT f.schema_name, f.template_name FROM _wh.feeds f
    UNION SELECT 'public', f.template_name FROM _wh.feeds f
) v
JOIN pg_namespace n ON n.nspname = v.schema_name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = _wh_internal.fit_name(v.template_name)
WHERE NOT has_table_privilege('phood_ro', c.oid, 'SELECT')
ORDER BY 1

-- name: writable
-- Where phood_ro, or everybody, may write.
SELECT format('%%I.%%I', n.nspname, c.relname), string_agg(DISTINCT x.privilege_type, ', '
    ORDER BY x.privilege_type),
    CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE 'phood_ro' END, c.relowner = 'whadmin'::regrole
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) x
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    AND (x.grantee = 0 OR x.grantee = 'phood_ro'::regrole)
    AND (n.nspname IN ('_wh', '_wh_data', 'public') OR n.nspname IN (SELECT schema_name FROM _wh.tenants))
GROUP BY n.nspname, c.relname, x.grantee, c.relowner ORDER BY 1

-- name: reader_defaults
-- Whether phood_ro may read what is made later, has its setting, and needs it.
SELECT EXISTS (SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) x
        WHERE d.defaclrole = 'whadmin'::regrole AND d.defaclnamespace = 'public'::regnamespace
        AND d.defaclobjtype = 'r'
            AND x.grantee = 'phood_ro'::regrole AND x.privilege_type = 'SELECT'),
    EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole = 'phood_ro'::regrole
        AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND 'constraint_exclusion=on' = ANY (s.setconfig)),
    EXISTS (SELECT FROM _wh.feeds f JOIN _wh.storages s USING (storage) JOIN _wh.mv_templates t
        USING (template_name)
        WHERE NOT s.steady AND t.time_column IS NOT NULL)

-- name: workspaces
-- The readers' workspaces: their readers, whether schema and rights exist, their owners, who else may create
-- something in them, and whose sessions find them although they do not name them.
SELECT w.reader_name, w.tenants, w.workspace, n.oid IS NOT NULL,
    coalesce(pg_get_userbyid(n.nspowner), '')::text,
    coalesce(n.oid IS NOT NULL AND r.oid IS NOT NULL AND has_schema_privilege(r.oid, n.oid, 'CREATE'), false),
    ARRAY(SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
        FROM aclexplode(n.nspacl) x WHERE x.privilege_type = 'CREATE' AND x.grantee <> n.nspowner
        AND x.grantee IS DISTINCT FROM r.oid ORDER BY 1),
    ARRAY(SELECT o.rolname::text FROM pg_roles o WHERE o.oid IS DISTINCT FROM r.oid
        AND (o.rolname = w.workspace AND NOT EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c
            WHERE s.setrole = o.oid AND c LIKE 'search_path=%%')
        OR EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c,
            string_to_array(substr(c, length('search_path=') + 1), ',') p
            WHERE s.setrole IN (0, o.oid) AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d
            WHERE d.datname = current_database())) AND c LIKE 'search_path=%%'
            AND w.workspace = ANY (SELECT btrim(e, ' "') FROM unnest(p) e))) ORDER BY 1)
FROM _wh.readers w LEFT JOIN pg_roles r ON r.rolname = w.reader_name
LEFT JOIN pg_namespace n ON n.nspname = w.workspace
WHERE w.workspace IS NOT NULL ORDER BY w.reader_name

-- name: propagation_off
-- The roles and databases for which Citus is told not to carry statements to other nodes.
SELECT r.rolname::text, d.datname::text FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) c
WHERE s.setdatabase IN (0, (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))
    AND starts_with(c, 'citus.enable_ddl_propagation=')
    AND lower(split_part(c, '=', 2)) IN ('off', 'of', 'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', '0')
ORDER BY r.rolname NULLS FIRST, d.datname

-- name: forget_propagation
-- In this transaction, what a session has that changes nothing.
SET LOCAL citus.enable_ddl_propagation TO DEFAULT

-- name: propagation
-- Whether Citus carries statements to other nodes.
SELECT coalesce(nullif(current_setting('citus.enable_ddl_propagation', true), '')::boolean, true)
