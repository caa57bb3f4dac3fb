CREATE OR REPLACE FUNCTION _wh_internal.give_workspace(reader text, workspace text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create the schema in which a reader may create tables and views, or give it back its rights there. The
-- schema is whadmin's: the reader can neither open it to others nor rename it, and whadmin can drop what is
-- in it. A name that could lead anyone else's session or a tenant into it is refused: PostgreSQL's default
-- search_path begins with the schema that is named like the role.
DECLARE
    former text := (SELECT r.workspace FROM _wh.readers r WHERE r.reader_name = reader);
    taken text := (SELECT r.reader_name FROM _wh.readers r
        WHERE r.workspace = give_workspace.workspace AND r.reader_name <> reader);
    reason text;
BEGIN
    PERFORM _wh_internal.require_name('workspace', workspace);
    PERFORM _wh_internal.await_lock(hashtextextended('tenantry register ' || workspace, 0), false,
        format('schema %s, which another session registers', workspace));
    reason := CASE
        WHEN workspace = '' THEN 'a workspace needs a name'
        WHEN former <> workspace THEN format('reader "%s" already has the workspace "%s"', reader, former)
        WHEN taken IS NOT NULL THEN format('schema "%s" is the workspace of reader "%s"', workspace, taken)
        WHEN workspace IN ('public', 'cron', 'information_schema') OR workspace ~ '^(pg_|_wh)'
            THEN format('schema "%s" cannot be a workspace', workspace)
        WHEN EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = workspace)
            OR EXISTS (SELECT FROM _wh.tenant_connections c WHERE c.tenant_name = workspace)
            THEN format('"%s" is a tenant', workspace)
        WHEN workspace <> reader AND to_regrole(quote_ident(workspace)) IS NOT NULL
            THEN format('"%s" is another role, whose sessions would find the workspace by its name',
            workspace)
        WHEN former IS NULL AND to_regnamespace(quote_ident(workspace)) IS NOT NULL
            THEN format('schema "%s" already exists', workspace)
        END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION '%', reason USING ERRCODE = 'invalid_schema_name',
            HINT = CASE WHEN former <> workspace THEN 'A reader has one workspace.'
            ELSE 'Choose another name for the workspace.' END;
    END IF;
    IF to_regnamespace(quote_ident(workspace)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', workspace);
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', workspace, reader);
    UPDATE _wh.readers r SET workspace = give_workspace.workspace
    WHERE r.reader_name = reader AND r.workspace IS DISTINCT FROM give_workspace.workspace;
END
$$;
