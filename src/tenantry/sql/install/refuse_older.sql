-- Before the functions are replaced: refuse to replace them with older ones.
DO $$
DECLARE
    newer text;
BEGIN
    SELECT i.version INTO newer FROM _wh.installations i ORDER BY i.id DESC LIMIT 1;
    IF pg_catalog.string_to_array(pg_catalog.substring(newer, '^[0-9]+(?:[.][0-9]+)*'), '.')::integer[]
        > pg_catalog.string_to_array('{release}', '.')::integer[]
    THEN
        RAISE EXCEPTION 'the warehouse was installed by tenantry %; this is {version}', newer
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Use the functions of that version, or of a later one.';
    END IF;
END
$$;
