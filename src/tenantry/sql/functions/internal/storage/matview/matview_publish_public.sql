CREATE OR REPLACE FUNCTION _wh_internal.matview_publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT _wh_internal.union_publish(template)
$$;
