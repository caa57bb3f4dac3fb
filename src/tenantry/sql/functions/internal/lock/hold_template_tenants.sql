CREATE OR REPLACE FUNCTION _wh_internal.hold_template_tenants(template_names text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Keep the schemas of all tenants of some templates from being dropped by hand until this transaction ends,
-- because a public view reads from all of them. Skip schemas that no longer exist.
BEGIN
    LOOP
        BEGIN
            PERFORM pg_get_object_address('schema', ARRAY[s.schema_name], '{}')
            FROM (SELECT DISTINCT f.schema_name FROM _wh.feeds f
                WHERE f.template_name = ANY (template_names)
                    AND to_regnamespace(quote_ident(f.schema_name)) IS NOT NULL ORDER BY 1) s;
            RETURN;
        EXCEPTION WHEN invalid_schema_name THEN
            -- One was dropped in this moment. It is skipped the next time.
            NULL;
        END;
    END LOOP;
END
$$;
