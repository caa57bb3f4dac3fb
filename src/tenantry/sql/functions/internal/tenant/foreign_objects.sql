CREATE OR REPLACE FUNCTION _wh_internal.foreign_objects(schema_name text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Objects that a DROP SCHEMA ... CASCADE of a tenant would drop although they are not Tenantry's:
    -- objects that somebody else created in the schema, and objects elsewhere that read what is in it. Empty
    -- once the tenant is being dropped, because its own slices are then no longer known.
    WITH feeds AS MATERIALIZED (
        -- Includes what a move put beside or aside.
        SELECT s.feed FROM _wh.feeds f
        CROSS JOIN LATERAL (VALUES (f), (_wh_internal.side_feed(f, 'tenantry_move_')),
            (_wh_internal.side_feed(f, 'tenantry_old_'))) AS s (feed)
        WHERE f.schema_name = foreign_objects.schema_name
    ), own AS MATERIALIZED (
        SELECT r.relid FROM feeds, _wh_internal.feed_relations(feed) r
        UNION ALL
        SELECT r.relid
            FROM feeds,
            to_regclass(format('%I.%I', (feed).schema_name,
                _wh_internal.fit_name((feed).template_name))) AS r (relid)
        WHERE r.relid IS NOT NULL
        UNION ALL
        SELECT y.relid FROM feeds, _wh_internal.year_views(feed) y
        UNION ALL
        SELECT u.relid FROM _wh.feeds f, _wh_internal.unsettled(f) u
        WHERE f.schema_name = foreign_objects.schema_name
        UNION ALL
        SELECT r.relid FROM feeds, _wh_internal.kept_relation(_wh_internal.kept_name(feed)) AS r (relid)
        WHERE r.relid IS NOT NULL
        UNION ALL
        SELECT i.inhparent FROM feeds JOIN pg_inherits i
            ON i.inhrelid = _wh_internal.kept_relation(_wh_internal.kept_name(feed))
    ), public_views AS MATERIALIZED (
        SELECT r.relid
        FROM feeds, to_regclass(format('public.%I', _wh_internal.fit_name((feed).template_name))) AS r (relid)
        WHERE r.relid IS NOT NULL
    ), found AS (
        -- Dependency type n: independent objects. Parts of a table, such as its indexes, depend on it in
        -- another way.
        SELECT d.classid, d.objid FROM pg_depend d
        WHERE d.refclassid = 'pg_namespace'::regclass
            AND d.refobjid = to_regnamespace(quote_ident(foreign_objects.schema_name)) AND d.deptype = 'n'
        UNION
        -- An object that depends on a relation may be part of another one: the rule of a view, or a
        -- constraint or default of a table.
        SELECT CASE WHEN w.relid IS NULL THEN d.classid
            ELSE 'pg_class'::regclass END, coalesce(w.relid, d.objid)
        FROM pg_depend d
        LEFT JOIN LATERAL (
            SELECT r.ev_class AS relid FROM pg_rewrite r WHERE d.classid = 'pg_rewrite'::regclass
            AND r.oid = d.objid
            UNION ALL SELECT c.conrelid FROM pg_constraint c WHERE d.classid = 'pg_constraint'::regclass
                AND c.oid = d.objid AND c.conrelid <> 0
            UNION ALL SELECT a.adrelid FROM pg_attrdef a WHERE d.classid = 'pg_attrdef'::regclass
                AND a.oid = d.objid
        ) w ON true
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT relid FROM own)
            AND d.deptype = 'n'
    )
    SELECT pg_describe_object(classid, objid, 0) FROM found
    WHERE NOT (classid = 'pg_class'::regclass AND objid IN (SELECT relid FROM own UNION ALL SELECT relid
        FROM public_views))
        AND NOT EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = foreign_objects.schema_name
            AND t.dropping_at IS NOT NULL)
    ORDER BY 1
$$;
