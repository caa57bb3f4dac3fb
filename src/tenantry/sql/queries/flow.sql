-- name: hide_parameters
-- One of the following statements in the transaction has a password among its parameters.
SELECT _wh_internal.hush()

-- name: put_connection
INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password, options)
VALUES (%(name)s, %(host)s, %(port)s, %(dbname)s, %(username)s, %(password)s, %(options)s)
ON CONFLICT (tenant_name) DO UPDATE SET host = excluded.host, port = excluded.port, dbname = excluded.dbname,
    username = excluded.username, password = excluded.password, options = excluded.options

-- name: get_connection
SELECT tenant_name, host, port, dbname, username, options FROM _wh.tenant_connections WHERE tenant_name = %s

-- name: connection_names
SELECT tenant_name FROM _wh.tenant_connections ORDER BY tenant_name

-- name: delete_connection
DELETE FROM _wh.tenant_connections WHERE tenant_name = %s

-- name: patience
-- Milliseconds for each further statement of the transaction. dblink of PostgreSQL 18 has no connect_timeout.
SELECT set_config('statement_timeout', %s::text, true)

-- name: probe_source
SELECT * FROM _wh_internal.probe_source(%s, %s)

-- name: feeds
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
    FROM _wh.feeds f JOIN _wh.storages s USING (storage)
WHERE f.template_name = coalesce(%(template)s, f.template_name) ORDER BY f.schema_name, f.template_name

-- name: open_feed
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
FROM _wh_internal.open_feed(%(template)s, %(connection)s, %(schema)s) f CROSS
    JOIN LATERAL _wh_internal.storage_traits(f.storage) s

-- name: find_feed
SELECT f.schema_name, f.template_name, f.tenant_name, f.storage, s.streams, s.steady
FROM _wh_internal.find_feed(%(template)s, %(schema)s) f CROSS
    JOIN LATERAL _wh_internal.storage_traits(f.storage) s

-- name: require_template
SELECT (_wh_internal.find_template(%s)).template_name

-- name: days_to_load
-- The days of a span that have no rows, including today and days before the feed's own span, and those that
-- failed or are stale.
SELECT d.day
FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.day_states(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND (NOT d.present OR d.failed OR d.stale)
ORDER BY d.day

-- name: first_with_rows
SELECT min(slice_date) FROM _wh.slices
WHERE schema_name = %(schema)s AND template_name = %(template)s AND loaded_at IS NOT NULL AND row_count > 0

-- name: latest_day
SELECT _wh_internal.latest_day(%s)

-- name: span_begin
SELECT _wh_internal.first_day(f), f.first_day_chosen FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: extend_span
SELECT _wh_internal.extend_span(f, %(first)s::date, %(chosen)s) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: outdated_days
-- Days that were loaded with an earlier query, other columns or another time column.
SELECT d.day FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.day_states(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND d.outdated ORDER BY d.day

-- name: load_slice
SELECT _wh_internal.load_slice(_wh_internal.find_feed(%(template)s, %(schema)s), %(day)s::date,
    digest => %(digest)s, asked => %(asked)s)

-- name: record_failure
SELECT _wh_internal.record_failure(f, %(day)s::date, %(error)s) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: refresh_today
SELECT _wh.update_mv_by_template(%(template)s, %(connection)s, %(schema)s, %(day)s::date)

-- name: slice
SELECT row_count, loaded_at, extract(epoch FROM duration)::float8 FROM _wh.slices
WHERE schema_name = %(schema)s AND template_name = %(template)s AND slice_date = %(day)s::date

-- name: end_session
SELECT pg_terminate_backend(%s)

-- name: hold_source
SELECT _wh_internal.hold_source(%s)

-- name: release_source
SELECT _wh_internal.release_source(%s)

-- name: source_digests
SELECT _wh_internal.source_digests(f, %(first)s::date, %(last)s::date), statement_timestamp() FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: ask
SELECT clock_timestamp(), _wh_internal.definition_hash(_wh_internal.find_template(f.template_name)),
    _wh_internal.describe_query(f, %(first)s::date, %(last)s::date), l.deadline, l.max_bytes, l.max_row_bytes
FROM _wh.feeds f LEFT JOIN _wh.tenant_connections c ON c.tenant_name = f.tenant_name
CROSS JOIN LATERAL _wh_internal.source_limits(coalesce(c.options, '{}')) l
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: digest_query
SELECT _wh_internal.digest_query(f, %(first)s::date, %(last)s::date, %(names)s::text[], %(types)s::oid[])
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: unchanged_days
SELECT d FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.unchanged_days(f, %(first)s::date, %(last)s::date, %(digests)s, %(asked)s) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: publish_tenant
SELECT _wh.update_tenant_union_view_by_template(%(template)s, %(connection)s, %(schema)s)

-- name: publish_public
SELECT _wh.update_public_view_by_template(%s)

-- name: check_year
SELECT _wh.check_views_by_template_for_year(%(template)s, %(schema)s, %(year)s)

-- name: fold_year
SELECT _wh.create_combined_table_from_template_by_year(%(template)s, %(schema)s, %(year)s)

-- name: source_extent
SELECT first_day, last_day FROM _wh_internal.source_extent(%(template)s, %(connection)s, %(schema)s)

-- name: source_odd_days
SELECT row_count, first_time, last_time
    FROM _wh_internal.source_odd_days(%(template)s, %(connection)s, %(schema)s)
-- name: rows_ahead
SELECT _wh_internal.rows_ahead(%(template)s, %(connection)s, %(schema)s)

-- name: write_log
SELECT _wh_internal.write_log(%(function)s, %(level)s, %(message)s, %(context)s)

-- name: schema_exists
SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL

-- name: create_schema
SELECT _wh_internal.create_tenant_schema(%s)

-- name: source_conninfo
SELECT _wh_internal.source_conninfo(%(connection)s), _wh_internal.source_begin(%(connection)s, %(encoding)s),
    _wh_internal.source_settle()

-- name: range_capable
SELECT _wh_internal.range_capable(t) FROM _wh.mv_templates t WHERE t.template_name = %s

-- name: stream_prepare
SELECT _wh_internal.stream_prepare(_wh_internal.find_feed(%(template)s, %(schema)s), %(first)s::date,
    %(bulk)s)

-- name: stream_lock
SELECT _wh_internal.stream_lock(f, %(first)s::date, %(last)s::date, %(asked)s),
    coalesce(%(asked)s, clock_timestamp()),
    l.deadline, l.max_bytes, l.max_row_bytes
FROM _wh.feeds f LEFT JOIN _wh.tenant_connections c ON c.tenant_name = f.tenant_name
CROSS JOIN LATERAL _wh_internal.source_limits(coalesce(c.options, '{}')) l
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_begin
SELECT b.from_source, b.into_warehouse, b.strays, b.target, b.start_block FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_begin(f, %(first)s::date, %(last)s::date, %(names)s::text[],
    %(types)s::oid[], %(staged)s) b
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_end
SELECT e.slice_date, e.row_count FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_end(f, %(first)s::date, %(last)s::date, %(target)s, %(start_block)s,
    %(copied)s, %(started)s, %(digests)s) e
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: unindexed
SELECT u.relid, u.relid::oid::regclass::text
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.unindexed_tables(f) u
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 2

-- name: missing_indexes
SELECT d.statement FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.index_difference(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND d.former IS NULL

-- name: index_begin
SELECT _wh_internal.index_begin(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: index_end
SELECT _wh_internal.index_end(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: doubled
SELECT d.slice_date, d.error FROM _wh.feeds f CROSS
    JOIN LATERAL _wh_internal.doubled_days(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: move_plan
SELECT _wh_internal.move_plan(%(template)s, %(storage)s, %(schema)s)

-- name: move_step
SELECT _wh_internal.move_step(%(template)s, %(schema)s, %(storage)s, %(state)s)

-- name: drop_old
SELECT _wh_internal.drop_old(%(template)s, %(schema)s, %(most)s)

-- name: stored_digests
SELECT d.day, d.digest FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stored_digests(f, %(first)s::date, %(last)s::date) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: kept_digest_query
SELECT _wh_internal.digest_query(f, %(first)s::date, %(last)s::date, %(names)s::text[], %(types)s::oid[],
    as_kept => true)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: source_kept_digests
SELECT _wh_internal.source_digests(f, %(first)s::date, %(last)s::date, as_kept => true) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: verify_slice
SELECT _wh.verify_slice(%(template)s, %(schema)s, %(day)s::date, %(most)s)
