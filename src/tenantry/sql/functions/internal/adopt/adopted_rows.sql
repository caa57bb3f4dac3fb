CREATE OR REPLACE FUNCTION _wh_internal.adopted_rows(server_name text, query text, columns text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
-- The rows of a day that was made by hand: from the source, as in every other day's definition. While
-- adopt_copy makes the day's view again, they come from the old one instead, which is the only way to fill a
-- materialized view without its source. Materialized views depend on this very function, so an upgrade does
-- not drop it.
DECLARE
    old text := current_setting('tenantry.adopted_from', true);
BEGIN
    IF old <> '' THEN
        RETURN QUERY EXECUTE format('SELECT * FROM %s', old::regclass);
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format('SELECT * FROM %I.dblink(_wh_internal.source_login(%L), %L) AS t(%s)',
        _wh_internal.dblink_schema(), server_name, query, columns);
END
$$;
