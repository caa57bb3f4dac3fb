CREATE OR REPLACE FUNCTION _wh_internal.former_rows(feed _wh.feeds) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The name in _wh_data of the table for a tenant's rows that have no time, because the time column is
    -- new to all of them.
    SELECT _wh_internal.fit_name(_wh_internal.kept_base(feed.schema_name,
        'tenantry_former_' || feed.template_name))
$$;
