CREATE OR REPLACE FUNCTION _wh_internal.here() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- This very warehouse. One that was restored from a dump, or cloned, is another: oids that it has on
    -- record are those of the old one's relations.
    SELECT format('%s/%s', d.oid, '_wh.feed_tables'::regclass::oid) FROM pg_database d
        WHERE d.datname = current_database()
$$;
