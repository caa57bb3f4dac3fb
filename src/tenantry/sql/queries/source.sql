-- name: hide_parameters
-- One of the following statements in the transaction has a password among its parameters.
SELECT _wh_internal.hush()

-- name: put_connection
-- Store a connection, or replace the one of its name.
INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password, options)
VALUES (%(name)s, %(host)s, %(port)s, %(dbname)s, %(username)s, %(password)s, %(options)s)
ON CONFLICT (tenant_name) DO UPDATE SET host = excluded.host, port = excluded.port, dbname = excluded.dbname,
    username = excluded.username, password = excluded.password, options = excluded.options

-- name: get_connection
-- A connection, without its password.
SELECT tenant_name, host, port, dbname, username, options FROM _wh.tenant_connections WHERE tenant_name = %s

-- name: connection_names
-- The names of all connections.
SELECT tenant_name FROM _wh.tenant_connections ORDER BY tenant_name

-- name: hold_connection
-- Keep others from changing a connection, or adding a tenant with it, until the transaction ends.
SELECT FROM _wh.tenant_connections WHERE tenant_name = %s FOR UPDATE

-- name: delete_connection
-- Delete a connection.
DELETE FROM _wh.tenant_connections WHERE tenant_name = %s

-- name: probe_source
-- Log in to a source and say what it is.
SELECT * FROM _wh_internal.probe_source(%s, %s)

-- name: hold_source
-- Open the session's dblink connection to a source, for several days.
SELECT _wh_internal.hold_source(%s)

-- name: release_source
-- Close the dblink connection to a source.
SELECT _wh_internal.release_source(%s)

-- name: source_conninfo
-- How to log in to a source, and the statements that begin a transaction there and check its settings.
SELECT _wh_internal.source_conninfo(%(connection)s), _wh_internal.source_begin(%(connection)s, %(encoding)s),
    _wh_internal.source_settle()

-- name: source_extent
-- The first and last day that a source has rows of.
SELECT first_day, last_day FROM _wh_internal.source_extent(%(template)s, %(connection)s, %(schema)s)

-- name: source_odd_days
-- Rows whose time no day of the warehouse can hold: their number, first and last time.
SELECT row_count, first_time, last_time
    FROM _wh_internal.source_odd_days(%(template)s, %(connection)s, %(schema)s)

-- name: rows_ahead
-- The number of rows that are dated later than the template loads.
SELECT _wh_internal.rows_ahead(%(template)s, %(connection)s, %(schema)s)

-- name: source_digests
-- A digest of each day at the source, and the moment they are of.
SELECT _wh_internal.source_digests(f, %(first)s::date, %(last)s::date), statement_timestamp() FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: source_kept_digests
-- A digest of each day at the source, of the rows as the warehouse would keep them.
SELECT _wh_internal.source_digests(f, %(first)s::date, %(last)s::date, as_kept => true) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: connections_of
-- The connections of a tenant, the most recently used first.
SELECT c FROM (
    SELECT tenant_name AS c, 0 AS n FROM _wh.tenants WHERE schema_name = %(schema)s
    UNION ALL SELECT tenant_name, 1 FROM _wh.feeds WHERE schema_name = %(schema)s
) u GROUP BY c ORDER BY min(n), c

-- name: tenants_of
-- The tenants that use a connection.
SELECT DISTINCT schema_name FROM (
    SELECT schema_name, tenant_name FROM _wh.tenants UNION ALL SELECT schema_name, tenant_name FROM _wh.feeds
) u WHERE tenant_name = %s ORDER BY 1

-- name: source_rights
-- Sent to a source: whether the login is a superuser, whether the server only reads, and up to five tables
-- that the login may change.
SELECT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user), pg_is_in_recovery(),
    ARRAY(SELECT left(c.oid::regclass::text, 200) FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
            AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid,
                'INSERT, UPDATE, DELETE, TRUNCATE')
        ORDER BY 1 LIMIT 5)

-- name: source_tables
-- Sent to a source: the columns of time in tables and views that the login may read, the largest table first.
-- Rows are an estimate (-1: unknown); of a partitioned table, all partitions count.
SELECT t.nspname, t.relname, t.visible, t.kind, t.rows, t.bytes, a.attname, t.own, a.attnotnull,
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum
        AND i.indisvalid AND i.indpred IS NULL)
FROM (
    SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid) AS visible,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
            ELSE 'table' END AS kind,
        CASE WHEN c.relkind = 'v' THEN -1 WHEN c.relkind = 'p' THEN p.rows
            ELSE c.reltuples END::bigint AS rows,
        coalesce(CASE c.relkind WHEN 'p' THEN p.bytes
            ELSE pg_total_relation_size(c.oid) END, 0)::bigint AS bytes,
        b.attnum, b.own
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT a.attnum, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL) AS own
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) b
    LEFT JOIN LATERAL (SELECT sum(greatest(k.reltuples, 0)) AS rows,
            sum(pg_total_relation_size(k.oid)) AS bytes
        FROM pg_partition_tree(c.oid) x JOIN pg_catalog.pg_class k ON k.oid = x.relid
        WHERE x.isleaf) p ON c.relkind = 'p'
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
        AND b.own IN ('date', 'timestamp without time zone', 'timestamp with time zone')
        AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, b.attnum, 'SELECT')
) t
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = t.attnum
ORDER BY t.bytes DESC, t.rows DESC, t.nspname, t.relname, a.attnum
LIMIT 2000

-- name: source_columns
-- Sent to a source: the columns of a table with their types, and whether the login may read them.
SELECT a.attname, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL),
    has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE n.nspname = %(schema)s AND c.relname = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

-- name: source_recent
-- The first and the last day before `before` of which a source has rows.
SELECT said.first_day, said.last_day
FROM _wh_internal.ask_ranges(%(template)s, %(connection)s, %(schema)s, 'first_day date, last_day date',
    'SELECT (SELECT slice_date FROM (%%1$s) s ORDER BY at LIMIT 1), (SELECT slice_date FROM (%%1$s) s '
    'ORDER BY at DESC LIMIT 1)', ARRAY['1900-01-01 00:00:00+00',
    to_char(%(before)s::date::timestamp, 'YYYY-MM-DD 00:00:00"+00"')]) AS said(first_day date, last_day date)

-- name: connections
-- All connections: address, date of the password, and the tenants that use them.
SELECT c.tenant_name, c.host, c.port, c.dbname, c.username, c.options, c.password_set_at,
    ARRAY(SELECT u.schema_name FROM (SELECT t.schema_name, t.tenant_name FROM _wh.tenants t
        UNION SELECT f.schema_name, f.tenant_name FROM _wh.feeds f) u
        WHERE u.tenant_name = c.tenant_name ORDER BY 1)
FROM _wh.tenant_connections c ORDER BY c.tenant_name

-- name: demo_first_day
-- The first day that one of the demo's sources has rows of.
SELECT (min(logged_time) AT TIME ZONE 'UTC')::date FROM phood_foodlogsum
