-- Before the functions are replaced: refuse to do so with older ones, and over tables that these do not know.
DO $$
DECLARE
    newer text;
BEGIN
    IF pg_catalog.to_regclass('_wh.installations') IS NULL OR pg_catalog.to_regclass('_wh.source_servers') IS NULL THEN
        RAISE EXCEPTION 'the tables of this warehouse are older than these functions'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run create.sql first, as the administrator.';
    END IF;
    SELECT i.version INTO newer FROM _wh.installations i ORDER BY i.id DESC LIMIT 1;
    IF pg_catalog.string_to_array(pg_catalog.substring(newer, '^[0-9]+(?:[.][0-9]+)*'), '.')::integer[]
        > pg_catalog.string_to_array('{release}', '.')::integer[]
    THEN
        RAISE EXCEPTION 'the warehouse was installed by tenantry %; this is {version}', newer
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Take the functions of that version, or of a later one.';
    END IF;
END
$$;
