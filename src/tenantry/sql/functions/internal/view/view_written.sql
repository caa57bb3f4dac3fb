CREATE OR REPLACE FUNCTION _wh_internal.view_written(schema_name text, view_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The hash of the query when Tenantry last wrote the view; NULL if somebody else has written it since,
    -- or it does not exist.
    SELECT v.body_hash FROM _wh.published_views v
    JOIN pg_rewrite r ON r.ev_class = to_regclass(format('%I.%I', v.schema_name, v.view_name))
        AND r.oid = v.rule AND r.xmin = v.rule_version
    WHERE v.schema_name = view_written.schema_name AND v.view_name = view_written.view_name
$$;
