CREATE OR REPLACE FUNCTION _wh_internal.slice_relations(feed _wh.feeds)
RETURNS TABLE (slice_date date, relid oid, relname text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The existing daily materialized views, by the catalog, because operators may drop one by hand.
    WITH stem AS (SELECT _wh_internal.name_stem(feed.template_name) AS stem),
    named AS (
        SELECT c.oid, c.relname::text AS relname, substr(c.relname::text, length(stem) + 2) AS suffix
        FROM stem, pg_class c
        WHERE c.relnamespace = to_regnamespace(quote_ident(feed.schema_name)) AND c.relkind = 'm'
            -- '`' follows '_' in the C order of names, so this is a range of the catalog's index.
            AND c.relname >= (stem || '_')::name AND c.relname < (stem || '`')::name
    ), dated AS (
        SELECT oid, relname, suffix,
            make_date(substr(suffix, 1, 4)::integer, 1,
            1) + make_interval(months => substr(suffix, 6, 2)::integer - 1,
                days => substr(suffix, 9, 2)::integer - 1) AS day
        FROM named WHERE suffix ~ '^(?!0000)[0-9]{4}_[0-9]{2}_[0-9]{2}$'
    )
    SELECT day::date, oid, relname FROM dated WHERE to_char(day, 'YYYY_MM_DD') = suffix ORDER BY day
$$;
