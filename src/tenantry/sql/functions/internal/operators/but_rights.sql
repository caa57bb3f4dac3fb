CREATE OR REPLACE FUNCTION _wh_internal.but_rights(things jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What keep_things returned, except rights: only the owner of a table in _wh_data has rights on it.
    SELECT coalesce(jsonb_agg(t.value ORDER BY t.n), '[]')
    FROM jsonb_array_elements(things) WITH ORDINALITY AS t (value, n)
        WHERE t.value ->> 'item' NOT LIKE 'right %'
$$;
