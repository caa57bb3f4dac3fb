CREATE OR REPLACE FUNCTION _wh_internal.fetched(feed _wh.feeds, body text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A query over a feed's rows that may be the source of an INSERT into a partition: Citus (15) takes a local
-- partition for a distributed one, so rows from other nodes go through a temporary table.
BEGIN
    IF NOT (_wh_internal.storage_traits(feed.storage)).distributed THEN
        RETURN body;
    END IF;
    IF to_regclass('pg_temp.tenantry_fetched') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_fetched;
    END IF;
    EXECUTE 'CREATE TEMPORARY TABLE tenantry_fetched ON COMMIT DROP AS ' || body;
    RETURN 'SELECT * FROM pg_temp.tenantry_fetched';
END
$$;
