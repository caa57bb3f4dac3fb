CREATE OR REPLACE FUNCTION _wh.does_mv_exist(target_schema text, view_name text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM pg_class c WHERE c.relkind = 'm' AND c.relname = view_name::name
        AND c.relnamespace = to_regnamespace(quote_ident(target_schema::name::text)))
$$;
COMMENT ON FUNCTION _wh.does_mv_exist IS 'Whether the schema has a materialized view of that name';
