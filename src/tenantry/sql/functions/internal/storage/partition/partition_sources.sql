CREATE OR REPLACE FUNCTION _wh_internal.partition_sources(feed _wh.feeds, since date, until date)
RETURNS TABLE (relid oid, first_day date, last_day date, alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tenant's table, whatever partitions it has.
    SELECT c.oid, since, until, false FROM pg_class c
    WHERE c.oid = to_regclass(format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name)))
$$;
