CREATE OR REPLACE FUNCTION _wh_internal.unsettled(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text, kept_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables of a feed that are in the tenant's schema, with the names that they get in _wh_data: those
    -- of versions before 0.2, and yearly tables that somebody created.
    WITH sides AS MATERIALIZED (
        SELECT jsonb_populate_record(feed, jsonb_build_object('template_name',
            p.prefix || feed.template_name)) AS side
        FROM unnest('{"",tenantry_move_,tenantry_old_}'::text[]) AS p (prefix)
        WHERE p.prefix = '' OR NOT EXISTS (SELECT FROM _wh.feeds f WHERE f.schema_name = feed.schema_name
            AND f.template_name = p.prefix || feed.template_name)
    ), own AS MATERIALIZED (
        SELECT c.oid, c.relname::text AS relname, c.relkind, c.relispartition FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(quote_ident(feed.schema_name)) AND c.relkind IN ('r', 'p')
            AND pg_has_role(c.relowner, 'USAGE')
    ), parents AS (
        SELECT o.oid, o.relname, s.side FROM sides s JOIN own o ON o.relkind = 'p'
            AND o.relname = _wh_internal.fit_name((s.side).template_name)
    )
    SELECT p.oid, p.relname, _wh_internal.kept_name(p.side) FROM parents p
    UNION ALL
    SELECT o.oid, o.relname, CASE WHEN x.suffix ~ '^_[0-9]{4}(_[0-9]{2})?$'
        THEN _wh_internal.kept_stem(p.side) || x.suffix ELSE _wh_internal.former_rows(feed) END
    -- With parts that belong to somebody else: to move only the others would lose these.
    FROM parents p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class o ON o.oid = i.inhrelid
        AND o.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
    CROSS JOIN LATERAL substr(o.relname,
        length(_wh_internal.name_stem((p.side).template_name)) + 1) AS x (suffix)
    UNION ALL
    SELECT o.oid, o.relname, _wh_internal.kept_stem(s.side) || right(o.relname, 5)
    FROM sides s JOIN own o ON o.relkind = 'r' AND NOT o.relispartition
        AND o.relname = _wh_internal.name_stem((s.side).template_name) || right(o.relname, 5)
        AND right(o.relname, 5) ~ '^_[0-9]{4}$'
    -- Beside a table that is parted such a table holds none of the feed's rows.
    WHERE s.side <> feed OR NOT (_wh_internal.storage_traits(feed.storage)).united
$$;
