CREATE OR REPLACE FUNCTION _wh_internal.hold_template_tenants(template_names text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Keep the schemas of all tenants of some templates from being dropped by hand until this transaction ends,
-- because a public view reads from all of them. Skip schemas that no longer exist.
DECLARE
    name text;
BEGIN
    FOR name IN SELECT DISTINCT f.schema_name FROM _wh.feeds f WHERE f.template_name = ANY (template_names)
        ORDER BY 1 LOOP
        BEGIN
            PERFORM pg_get_object_address('schema', ARRAY[name], '{}');
        EXCEPTION WHEN invalid_schema_name THEN
            NULL;
        END;
    END LOOP;
END
$$;
