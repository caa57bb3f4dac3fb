CREATE OR REPLACE FUNCTION _wh_internal.refuse_empty_view(view regclass, still_there oid[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- If a view were to read nothing, although what it reads now still exists, reports would get no rows and no
-- error. Someone may have renamed these relations, or there is a fault in how they are found.
BEGIN
    IF still_there <> '{}' THEN
        RAISE EXCEPTION 'view % would become empty, although what it reads still exists: %', view,
                (SELECT string_agg(r.oid::regclass::text, ', ' ORDER BY r.oid::regclass::text)
                FROM unnest(still_there[1:3]) AS r (oid))
                || CASE WHEN cardinality(still_there) > 3
                    THEN format(' and %s more', cardinality(still_there) - 3) ELSE '' END
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Restore their names; or, if the view should be empty, drop it: DROP '
                'VIEW %s', view);
    END IF;
END
$$;
