CREATE OR REPLACE FUNCTION _wh_internal.refuse_workspace(schema_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A reader may create what it likes in its workspace, so no tenant may be there. The caller may be an
-- operator, through a function that runs as whadmin.
DECLARE
    reader text := (SELECT r.reader_name FROM _wh.readers r WHERE r.workspace = refuse_workspace.schema_name);
BEGIN
    IF reader IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" cannot be a tenant''s: it is the workspace of reader "%"', schema_name,
            reader
            USING ERRCODE = 'invalid_schema_name', HINT = 'Choose another name for the tenant.';
    END IF;
END
$$;
