CREATE OR REPLACE FUNCTION _wh_internal.range_capable(template _wh.mv_templates) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether the template's query can return many days at once.
    SELECT template.query_template LIKE '%{START_TIME}%' AND template.query_template LIKE '%{END_TIME}%'
        AND template.query_template NOT LIKE '%{TARGET_DATE}%'
$$;
