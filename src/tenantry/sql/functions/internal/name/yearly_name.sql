CREATE OR REPLACE FUNCTION _wh_internal.yearly_name(template_name text, target_year integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT _wh_internal.name_stem(template_name) || '_' || to_char(target_year, 'FM0000')
$$;
