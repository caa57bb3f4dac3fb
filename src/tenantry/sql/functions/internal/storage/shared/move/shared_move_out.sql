CREATE OR REPLACE FUNCTION _wh_internal.shared_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Delete the tenant's rows: nothing of them can be put aside in a table of others. The copy was compared
-- with them in this transaction's sight.
BEGIN
    EXECUTE format('DELETE FROM %s WHERE schema_name = %L', _wh_internal.storage_table(feed)::regclass,
        feed.schema_name);
END
$$;
