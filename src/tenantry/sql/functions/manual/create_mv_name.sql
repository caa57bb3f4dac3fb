CREATE OR REPLACE FUNCTION _wh.create_mv_name(base_view_name text, target_date timestamp) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT _wh_internal.name_stem(base_view_name) || to_char(target_date, '_YYYY_MM_DD')
$$;
COMMENT ON FUNCTION _wh.create_mv_name IS 'The name of the materialized view of one day: base_YYYY_MM_DD, in '
    'at most 62 bytes';
