CREATE OR REPLACE FUNCTION _wh_internal.fresh_relations(feed _wh.feeds)
RETURNS TABLE (relid oid, slice_name text, old_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The relations that matview_replace created in this transaction, to take the place of slices when the
    -- view is next written.
    SELECT c.oid, n.slice_name, _wh_internal.fit_name('tenantry_old_' || n.slice_name)
    FROM (SELECT s.relname AS slice_name, _wh_internal.fresh_name(s.relname) AS fresh_name
        FROM _wh_internal.slice_relations(feed) s) n
    JOIN pg_class c ON c.relname = n.fresh_name
        AND c.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
$$;
