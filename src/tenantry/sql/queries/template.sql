-- name: lock
-- A session that loads templates first reads the existing ones. Loads of slices read templates and are not
-- blocked.
SELECT FROM _wh.mv_templates WHERE template_name = ANY (%s) ORDER BY template_name FOR NO KEY UPDATE

-- name: get
-- A template as it is stored.
SELECT template_name, query_template, column_definitions, coalesce(description, ''), coalesce(indexes, ''),
    CASE WHEN storage_chosen THEN storage END, coalesce(time_column, ''), partition_by, ahead::text,
    (SELECT coalesce(json_object_agg(d.key, d.value ORDER BY c.position), '{}')
    FROM jsonb_each_text(t.column_descriptions) d
    LEFT JOIN _wh.template_columns c ON c.template_name = t.template_name AND c.column_name = d.key),
    lookback::text
FROM _wh.mv_templates t WHERE template_name = %s

-- name: put
-- Store a template, or replace the one of its name.
INSERT INTO _wh.mv_templates AS t (template_name, query_template, column_definitions, description, indexes,
    storage, time_column, partition_by, ahead, column_descriptions, lookback)
VALUES (%(name)s, %(query)s, %(columns)s, nullif(%(description)s, ''), nullif(%(indexes)s, ''),
    %(storage)s,
    nullif(%(time_column)s, ''), coalesce(%(partition_by)s, 'year'),
        coalesce(nullif(%(ahead)s, '')::integer, 0), %(descriptions)s,
        coalesce(nullif(%(lookback)s, '')::integer, 14))
ON CONFLICT (template_name) DO UPDATE
    SET query_template = excluded.query_template, column_definitions = excluded.column_definitions,
    description = excluded.description, indexes = excluded.indexes, time_column = excluded.time_column,
    partition_by = excluded.partition_by, ahead = excluded.ahead, lookback = excluded.lookback,
    column_descriptions = excluded.column_descriptions, updated_at = now()

-- name: choose_storage
-- Store the storage that a template says.
UPDATE _wh.mv_templates t SET storage = %(storage)s WHERE t.template_name = %(name)s
    AND (t.storage, t.storage_chosen) <> (%(storage)s, true)

-- name: behind
-- Whether the views of a template's tenants can get its new columns one after the other, because these come
-- after the present ones and no view reads another; whether the public view lacks any; and the tenants whose
-- view lacks any.
SELECT coalesce(bool_and(s.steady AND s.united AND coalesce(v.appended, true)), false)
        AND (NOT EXISTS (SELECT FROM _wh_internal.limited_readers())
        OR bool_and(s.shared) AND count(DISTINCT f.storage) = 1) AND coalesce(bool_and(p.appended), true),
    coalesce(bool_or(p.present <> 'schema_name text, ' || h.shape), false),
    coalesce(array_agg(f.schema_name ORDER BY f.schema_name) FILTER (WHERE v.present <> h.shape), '{}')
FROM _wh.feeds f JOIN _wh.storages s USING (storage)
CROSS JOIN LATERAL (SELECT _wh_internal.fit_name(%(template)s) AS name,
    _wh_internal.columns_shape(_wh_internal.shown_columns(%(template)s)) AS shape OFFSET 0) h
CROSS JOIN LATERAL (SELECT x.present, starts_with(h.shape || ',', x.present || ',') AS appended
    FROM _wh_internal.view_columns(f.schema_name, h.name) x (present)) v
CROSS JOIN LATERAL (SELECT x.present, starts_with('schema_name text, ' || h.shape || ',', x.present || ',')
    AS appended FROM _wh_internal.view_columns('public', h.name) x (present)) p
WHERE f.template_name = %(template)s

-- name: widen
-- Give the tables of all tenants a template's new columns. Views follow in other transactions: a report that
-- has a view and waits for its table would never let this one change the view.
SELECT set_config('tenantry.views_later', 'yes', true), _wh_internal.fit_columns(t, r.relid, NOT s.shared)
FROM _wh.mv_templates t CROSS JOIN _wh.storages s
CROSS JOIN LATERAL (SELECT _wh_internal.storage_root(t, s.storage)::regclass) r (relid)
WHERE t.template_name = %(template)s AND r.relid IS NOT NULL

-- name: widened
-- How many relations get a template's new columns at once: the table of all tenants with its partitions.
SELECT count(*) FROM _wh.mv_templates t CROSS JOIN _wh.storages s
CROSS JOIN LATERAL pg_partition_tree(_wh_internal.storage_root(t, s.storage)::regclass)
WHERE t.template_name = %(template)s

-- name: show_public
-- Give the public view a template's new columns, and no other view.
SELECT set_config('tenantry.views_later', 'yes', true),
    _wh_internal.lock_view('public', t.template_name), _wh_internal.storage_publish_public(t)
FROM _wh.mv_templates t WHERE t.template_name = %(template)s

-- name: show_tenant
-- Give a tenant's views a template's new columns and its descriptions.
SELECT _wh_internal.hold_tenant(f.schema_name), _wh_internal.lock_view(f.schema_name, f.template_name),
    _wh_internal.show_table(f), _wh_internal.publish_years(f),
    _wh_internal.describe_view(f.schema_name, _wh_internal.fit_name(f.template_name), t)
FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)
WHERE f.template_name = %(template)s AND f.schema_name = %(schema)s

-- name: describe
-- Make the descriptions of templates the comments of their views; of all templates without names.
SELECT _wh_internal.describe_view('public', _wh_internal.fit_name(t.template_name), t),
    _wh_internal.describe_tenant_views(t)
FROM _wh.mv_templates t
WHERE %(names)s::text[] IS NULL OR t.template_name = ANY (%(names)s) ORDER BY t.template_name

-- name: list
-- All templates, and what uses them.
SELECT * FROM _wh_internal.template_facts()

-- name: outdated
-- Tenants with days that an earlier text of a template made.
SELECT * FROM _wh_internal.template_outdated(%s)

-- name: unfit
-- Tables and views that are not as the template is now.
SELECT u ->> 'schema_name', u ->> 'kind', u ->> 'relname', (u ->> 'slice_date')::date
FROM jsonb_array_elements(_wh_internal.unfit_plan(%(template)s, %(schema)s)) u

-- name: fit
-- Bring one table or view to the template.
SELECT _wh_internal.fit_relation(%(template)s, %(schema)s, %(kind)s, %(relation)s, %(day)s::date)

-- name: volatile
-- The volatile functions among some of PostgreSQL's own, whatever their arguments.
SELECT p.proname::text FROM pg_catalog.pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (%s)
GROUP BY 1 HAVING bool_and(p.provolatile = 'v')

-- name: connection_of
-- The connection of a tenant, or the connection with that name; NULL if there is none.
SELECT coalesce(
    (SELECT t.tenant_name FROM _wh.tenants t JOIN _wh.tenant_connections c USING (tenant_name)
    WHERE t.schema_name = %(name)s),
    (SELECT c.tenant_name FROM _wh.tenant_connections c WHERE c.tenant_name = %(name)s))

-- name: rendered
-- A query with its placeholders filled.
SELECT _wh_internal.render_query(%(query)s, %(schema)s, %(day)s::date, %(day)s::date)

-- name: expected
-- The plan of a query for many days, which says how many rows the source expects.
SELECT format('EXPLAIN (FORMAT JSON) SELECT * FROM (%%s) AS q',
    _wh_internal.render_query(%(query)s, %(schema)s, %(first)s::date, %(last)s::date) || E'\n')

-- name: trial_columns
-- The query that lets a source describe a template's columns.
SELECT format(E'SELECT * FROM (%%s\n) AS q LIMIT 0',
    _wh_internal.render_query(_wh_internal.template_query(t), %(schema)s, %(day)s::date, %(day)s::date))
FROM _wh.mv_templates t WHERE t.template_name = %(name)s

-- name: trial
-- The statements to send to a source about one day: plan, first rows, and the number of rows, bytes and
-- strays. Also the position of each declared column among those that the query returns, and the declared
-- names and types.
SELECT format('EXPLAIN (VERBOSE, FORMAT JSON) %%s', x.query),
    format('SELECT %%s FROM %%s LIMIT %%s', x.columns, x.named, %(rows)s::integer),
    format('SELECT count(*), coalesce(sum(pg_column_size(q.*)), 0), count(*) FILTER (WHERE (%%s) IS NOT '
        'TRUE) '
        'FROM %%s',
        coalesce(_wh_internal.day_predicate(t, %(day)s::date, %(day)s::date), 'true'), x.named),
    _wh_internal.match_columns(t, n.given),
    ARRAY(SELECT c.column_name FROM _wh.template_columns c WHERE c.template_name = t.template_name
        ORDER BY c.position),
    ARRAY(SELECT c.data_type FROM _wh.template_columns c WHERE c.template_name = t.template_name
        ORDER BY c.position)
FROM _wh.mv_templates t
CROSS JOIN LATERAL (SELECT _wh_internal.render_query(_wh_internal.template_query(t), %(schema)s,
    %(day)s::date, %(day)s::date) AS query) r
-- If there are too few, the source raises its own error.
CROSS JOIN LATERAL (SELECT CASE WHEN cardinality(%(names)s::text[]) >= count(*)
    THEN %(names)s::text[] END AS given
    FROM _wh.template_columns c WHERE c.template_name = t.template_name) n
CROSS JOIN LATERAL (SELECT r.query, _wh_internal.column_list(t.template_name) AS columns,
    _wh_internal.named_query(t, r.query, n.given) AS named) x
WHERE t.template_name = %(name)s

-- name: try
-- For template authors, who get no login.
SELECT _wh.try_template(%(name)s, %(tenant)s, %(day)s::date, %(rows)s, %(seconds)s, %(draft)s)

-- name: source_timeout
-- Sent to a source, in a transaction.
SELECT set_config('statement_timeout', %s, true)

-- name: source_types
-- Sent to a source: the names of its types, for display, and which are arrays. The server resolves domains.
SELECT left(format_type(t.oid, u.mod), 200), t.typcategory = 'A'
FROM unnest(%(types)s::oid[], %(mods)s::integer[]) WITH ORDINALITY AS u (type, mod, n)
JOIN pg_catalog.pg_type t ON t.oid = u.type ORDER BY u.n

-- name: declared_types
-- Run here on what a source reported: names as identifiers, and types to declare, from this server's catalog.
-- If a source reports another name for a type, or something that is not a name, nothing changes. The
-- warehouse may not have types that are not PostgreSQL's own (enums, types of extensions), and numbers of the
-- source's objects (regclass) would name other objects here, so both become text.
SELECT quote_ident(u.name),
    CASE WHEN t.oid < 10000 AND t.typtype <> 'p' AND t.typrelid = 0
    AND coalesce(e.typname,
        t.typname) !~ '^(reg.*|oid|xid8?|cid|tid|aclitem|refcursor|pg_snapshot|txid_snapshot)$'
        THEN format_type(t.oid, u.mod) WHEN u.is_array THEN 'text[]' ELSE 'text' END
FROM unnest(%(names)s::text[], %(types)s::oid[], %(mods)s::integer[],
    %(arrays)s::boolean[]) WITH ORDINALITY AS u (name, type, mod, is_array, n)
LEFT JOIN pg_catalog.pg_type t ON t.oid = u.type
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typelem <> 0 ORDER BY u.n

-- name: source_key
-- Sent to a source: the columns that tell the rows of a table apart, by number: its primary key, otherwise a
-- unique index over columns that are never NULL, the shortest one.
SELECT k.attnum FROM (
    SELECT i.* FROM pg_catalog.pg_index i
    WHERE i.indrelid = %s::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid
            AND NOT a.attnotnull AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
    ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1
) i CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
WHERE k.n <= i.indnkeyatts ORDER BY k.n

-- name: source_sizes
-- Sent to a source: rows (an estimate, -1 if never counted) and bytes of tables.
SELECT n.nspname, c.relname, c.reltuples::bigint, pg_relation_size(c.oid)
FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS u (schema_name, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = u.schema_name
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = u.name

-- name: uses
-- The data of a template, by tenant: days, rows and bytes. It includes what moves have put aside and what an
-- interrupted drop has left.
SELECT t.schema_name, count(s.slice_date), coalesce(sum(s.row_count), 0)::bigint, r.bytes
FROM (SELECT schema_name FROM _wh.tenants UNION SELECT schema_name FROM _wh.feeds) t
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_total_relation_size(r.relid)), 0)::bigint AS bytes, count(r.relid) AS relations
    FROM unnest(ARRAY['', 'tenantry_move_', 'tenantry_old_']) AS p (prefix)
    CROSS JOIN LATERAL _wh_internal.feed_relations(jsonb_populate_record(NULL::_wh.feeds,
        jsonb_build_object('schema_name', t.schema_name, 'template_name', p.prefix || %(name)s))) r
) r
LEFT JOIN _wh.feeds f ON f.schema_name = t.schema_name AND f.template_name = %(name)s
LEFT JOIN LATERAL _wh_internal.stored_days(f) s ON f.template_name IS NOT NULL
GROUP BY t.schema_name, r.bytes, r.relations
HAVING count(f.template_name) > 0 OR r.relations > 0
ORDER BY t.schema_name

-- name: readers
-- Other roles' views over the relations of a template: they block dropping it.
WITH own AS MATERIALIZED (
    SELECT r.relid FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.feed_relations(f) r
    WHERE f.template_name = %(name)s
    UNION ALL
    SELECT c.oid FROM pg_class c
        WHERE c.oid IN (SELECT to_regclass(format('%%I.%%I', s.schema_name, _wh_internal.fit_name(%(name)s)))
        FROM (SELECT 'public' UNION ALL SELECT f.schema_name FROM _wh.feeds f
            WHERE f.template_name = %(name)s) s (schema_name))
    UNION ALL
    SELECT v.relid FROM _wh.feeds f CROSS JOIN LATERAL (SELECT y.relid FROM _wh_internal.year_views(f) y
        UNION ALL SELECT _wh_internal.storage_table(f)
        UNION ALL SELECT _wh_internal.kept_relation(_wh_internal.fit_name(
            _wh_internal.kept_base('public', f.template_name)))) v
    WHERE f.template_name = %(name)s AND v.relid IS NOT NULL
)
SELECT DISTINCT format('%%s reads %%s', w.ev_class::regclass, d.refobjid::regclass)
FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT relid FROM own)
    AND w.ev_class NOT IN (SELECT relid FROM own)
ORDER BY 1

-- name: drop_feed
-- Drop some of a feed's relations, and say how many; 0 when all are gone.
SELECT _wh_internal.drop_feed(%(name)s, %(schema)s, %(most)s)

-- name: drop_unused
-- Drop a template that no tenant uses, for a template author.
SELECT _wh.drop_unused_template(%s)

-- name: drop
-- Drop a template.
SELECT _wh_internal.drop_template(%s)

-- name: require_template
-- The name of a template; an error if there is none.
SELECT (_wh_internal.find_template(%s)).template_name

-- name: names
-- The names of all templates.
SELECT template_name FROM _wh.mv_templates ORDER BY template_name

-- name: overrides
-- Tenants' own queries of a template, or of all.
SELECT * FROM _wh_internal.override_facts(%s)

-- name: set_override
-- Store a tenant's own query, after trying it at its source.
SELECT _wh.set_template_override(%(template)s, %(tenant)s, %(query)s, %(day)s::date, %(seconds)s)

-- name: put_override
-- Store a tenant's own query as it is, whether its source answers it or not.
INSERT INTO _wh.template_overrides AS o (template_name, schema_name, query_template)
VALUES (%(template)s, %(tenant)s, %(query)s)
ON CONFLICT (schema_name, template_name) DO UPDATE
    SET query_template = excluded.query_template, columns = excluded.columns, updated_at = now()

-- name: drop_override
-- Use the template's query again.
SELECT _wh.drop_template_override(%(template)s, %(tenant)s)

-- name: dictionary
-- The columns that reports see of a template: those of its public view, or as they are declared if there is
-- no view yet.
WITH view AS (
    SELECT to_regclass(format('public.%%I', _wh_internal.fit_name(%(name)s))) AS oid
), columns AS (
    SELECT a.attnum AS position, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
        col_description(a.attrelid, a.attnum) AS description
    FROM view v JOIN pg_attribute a ON a.attrelid = v.oid WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT c.position, c.column_name, c.data_type, t.column_descriptions ->> c.column_name
    FROM _wh.template_columns c JOIN _wh.mv_templates t USING (template_name), view v
    WHERE c.template_name = %(name)s AND v.oid IS NULL
)
SELECT c.name, c.type, c.description FROM columns c ORDER BY c.position

-- name: dictionary_values
-- What the planner knows of a template's columns in its largest relations: the estimated share of NULL, and
-- three values. Nothing is read but statistics.
WITH relations AS (
    SELECT n.nspname, c.relname, c.reltuples FROM _wh.feeds f
    CROSS JOIN LATERAL _wh_internal.feed_relations(f) r
    JOIN pg_class c ON c.oid = r.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE f.template_name = %(name)s AND c.relkind IN ('r', 'm') AND c.reltuples > 0
    ORDER BY c.reltuples DESC, c.oid LIMIT 8
)
SELECT s.attname::text,
    round((sum(s.null_frac * r.reltuples) / sum(r.reltuples))::numeric, 4)::double precision,
    ((array_agg(coalesce(s.most_common_vals, s.histogram_bounds)::text
        ORDER BY r.reltuples DESC))[1]::text[])[1:3]
FROM relations r JOIN pg_stats s ON s.schemaname = r.nspname AND s.tablename = r.relname
GROUP BY s.attname

-- name: view_name
-- The name of a template's views.
SELECT _wh_internal.fit_name(%(name)s)
