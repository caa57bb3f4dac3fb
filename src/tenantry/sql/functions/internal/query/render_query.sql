CREATE OR REPLACE FUNCTION _wh_internal.render_query(query_template text, schema_name text, first_day date,
    last_day date) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The source's query for the UTC days from first_day to last_day, both included. to_char writes the
    -- dates, because a plain cast follows the session's DateStyle. '{SCHEMA}' becomes the tenant's name, as a
    -- literal.
    SELECT _wh_internal.fill_schema(replace(replace(replace(_wh_internal.bare_query(query_template),
        '{TARGET_DATE}', to_char(first_day::timestamp, 'YYYY-MM-DD')),
        '{START_TIME}', to_char(first_day::timestamp, 'YYYY-MM-DD 00:00:00"+00"')),
        '{END_TIME}', to_char((last_day + 1)::timestamp, 'YYYY-MM-DD 00:00:00"+00"')), schema_name)
$$;
