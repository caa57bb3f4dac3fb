CREATE OR REPLACE FUNCTION _wh_internal.template_index_hash(template_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Changes when a relation of the template would have other indexes.
    SELECT md5(coalesce(string_agg(i.fingerprint, ',' ORDER BY i.fingerprint), ''))
        FROM _wh.template_indexes i
    WHERE i.template_name = template_index_hash.template_name AND i.position IS NOT NULL
$$;
