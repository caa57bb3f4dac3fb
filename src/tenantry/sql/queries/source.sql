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
