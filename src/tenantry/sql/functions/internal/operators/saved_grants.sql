CREATE OR REPLACE FUNCTION _wh_internal.saved_grants(relation regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The rights on a relation and its columns of roles other than its owner, for put_back.
    SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.item, r.before DESC), '[]')
        FROM _wh_internal.operators_rights(ARRAY[relation::oid]) r
$$;
