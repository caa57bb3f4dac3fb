CREATE OR REPLACE FUNCTION _wh_internal.matview_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The tenant view holds no rows: nothing of it is kept.
BEGIN
    EXECUTE format('DROP VIEW %I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name));
END
$$;
