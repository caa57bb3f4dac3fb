CREATE OR REPLACE FUNCTION _wh_internal.matview_public_rows(template _wh.mv_templates, feeds _wh.feeds[])
RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT _wh_internal.union_rows(template, feeds)
$$;
