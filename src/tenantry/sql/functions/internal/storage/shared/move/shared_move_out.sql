CREATE OR REPLACE FUNCTION _wh_internal.shared_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Delete the tenant's rows: nothing of them can be put aside in a table of others. The copy was compared
-- with them in this transaction's sight. The views will read a table of the tenant's own, and need no barrier
-- (lacks_barrier).
BEGIN
    EXECUTE format('DELETE FROM %s WHERE schema_name = %L', _wh_internal.storage_table(feed)::regclass,
        feed.schema_name);
    EXECUTE (SELECT coalesce(string_agg(format('ALTER VIEW %s RESET (security_barrier);', v.relid::regclass),
        ' '), '')
        FROM (SELECT to_regclass(format('%I.%I', feed.schema_name,
            _wh_internal.fit_name(feed.template_name)))::oid
            UNION SELECT y.relid FROM _wh_internal.year_views(feed) y) AS v (relid)
        JOIN pg_class c ON c.oid = v.relid AND c.relkind = 'v');
END
$$;
