-- name: range_capable
-- Whether the query that a feed's source is asked can return several days at once.
SELECT _wh_internal.range_capable(_wh_internal.feed_template(f)) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_prepare
-- Make the table that a stream goes into.
SELECT _wh_internal.stream_prepare(_wh_internal.find_feed(%(template)s, %(schema)s), %(first)s::date,
    %(bulk)s)

-- name: stream_lock
-- Lock the days of a stream, and say how to describe the query, when it began and its limits.
SELECT _wh_internal.stream_lock(f, %(first)s::date, %(last)s::date, %(asked)s),
    coalesce(%(asked)s, clock_timestamp()),
    l.deadline, l.max_bytes, l.max_row_bytes
FROM _wh.feeds f LEFT JOIN _wh.tenant_connections c ON c.tenant_name = f.tenant_name
CROSS JOIN LATERAL _wh_internal.source_limits(coalesce(c.options, '{}')) l
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_begin
-- The two COPY statements of a stream, and where its rows go.
SELECT b.from_source, b.into_warehouse, b.strays, b.target, b.start_block FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_begin(f, %(first)s::date, %(last)s::date, %(names)s::text[],
    %(types)s::oid[], %(staged)s) b
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: stream_end
-- Put the rows of a stream in place, and count them by day.
SELECT e.slice_date, e.row_count FROM _wh.feeds f
CROSS JOIN LATERAL _wh_internal.stream_end(f, %(first)s::date, %(last)s::date, %(target)s, %(start_block)s,
    %(copied)s, %(started)s, %(digests)s) e
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: unindexed
-- Tables of a feed whose indexes are still to be made.
SELECT u.relid, u.relid::oid::regclass::text
FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.unindexed_tables(f) u
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 2

-- name: missing_indexes
-- The statements that make a table's missing indexes.
SELECT d.statement FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.index_difference(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s AND d.former IS NULL

-- name: index_begin
-- Hold a table to make its indexes; false if somebody else has made them meanwhile.
SELECT _wh_internal.index_begin(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: index_end
-- Note that a table has its indexes.
SELECT _wh_internal.index_end(f, %(table)s::oid) FROM _wh.feeds f
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s

-- name: doubled
-- Days with rows that a unique index forbids, and the error.
SELECT d.slice_date, d.error FROM _wh.feeds f CROSS
    JOIN LATERAL _wh_internal.doubled_days(f, %(table)s::oid) d
WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s ORDER BY 1

-- name: move_plan
-- The tenants that a move takes along.
SELECT _wh_internal.move_plan(%(template)s, %(storage)s, %(schema)s)

-- name: move_step
-- Do the next step of a move, and return its state.
SELECT _wh_internal.move_step(%(template)s, %(schema)s, %(storage)s, %(state)s)

-- name: drop_old
-- Drop some of what a move put aside, and say how many relations that were.
SELECT _wh_internal.drop_old(%(template)s, %(schema)s, %(most)s)
