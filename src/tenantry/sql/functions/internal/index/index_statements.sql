CREATE OR REPLACE FUNCTION _wh_internal.index_statements(template_name text, schema_name text,
    view_name text, relation_name text DEFAULT NULL, place text DEFAULT NULL)
RETURNS TABLE (index_name text, fingerprint text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The index statements of a template for one relation of a tenant, in order, built from the stored parts;
    -- `relation_name` is for one that temporarily has another name, `place` for one in another schema. Names
    -- have at most 63 bytes. In a definition, a placeholder can only be part of a literal.
    SELECT n.name, _wh_internal.index_fingerprint(i.is_unique, d.definition),
        format('CREATE %sINDEX %I ON %I.%I %s',
        CASE WHEN i.is_unique THEN 'UNIQUE '
            ELSE '' END, n.name, coalesce(place, schema_name), coalesce(relation_name, view_name),
            d.definition)
    FROM _wh.template_indexes i
    CROSS JOIN LATERAL _wh_internal.fit_name(_wh_internal.fill_in(i.index_name, schema_name,
        view_name)) n (name)
    CROSS JOIN LATERAL _wh_internal.fill_in(i.definition, replace(schema_name, '''', ''''''),
        replace(view_name, '''', '''''')) d (definition)
    WHERE i.template_name = index_statements.template_name AND i.position IS NOT NULL
    ORDER BY i.position
$$;
