CREATE OR REPLACE FUNCTION _wh_internal.seen(view regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The condition under which a public view shows a tenant to the querying role: it is not a limited
    -- reader, or may read the tenant's view. It has constants alone, so it is asked once for each query,
    -- before any row of the tenant is read.
    SELECT format('(NOT has_table_privilege(%L::regclass, ''SELECT'') OR has_table_privilege(%L::regclass, '
        '''SELECT''))', '_wh.limited', view)
$$;
