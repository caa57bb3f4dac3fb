CREATE OR REPLACE FUNCTION _wh_internal.cluster_logins() RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The roles that log in at the other nodes of a cluster: whoever loads, and whoever reads reports.
    SELECT ARRAY(SELECT r.rolname FROM pg_roles r WHERE r.rolname IN ('whadmin', 'phood_ro')
        OR r.rolname IN (SELECT w.reader_name FROM _wh.readers w) ORDER BY r.rolname)
$$;
