CREATE OR REPLACE FUNCTION _wh_internal.here() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Identifies this warehouse. A restored dump or a clone is another warehouse: the oids in its records are
    -- those of the old one's relations.
    SELECT format('%s/%s', d.oid, '_wh.feed_tables'::regclass::oid) FROM pg_database d
        WHERE d.datname = current_database()
$$;
