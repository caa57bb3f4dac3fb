CREATE OR REPLACE FUNCTION _wh_internal.lacks_columns(template _wh.mv_templates, relation oid,
    besides text DEFAULT NULL) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a relation lacks columns of its template, or has them with other types or collations;
    -- the column `besides` is ignored. False if the relation does not exist.
    SELECT relation IS NOT NULL AND EXISTS (
        SELECT FROM _wh.template_columns c LEFT JOIN pg_attribute a ON a.attrelid = relation
            AND a.attname = c.column_name AND NOT a.attisdropped
        LEFT JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.template_name = template.template_name AND c.column_name IS DISTINCT FROM besides
            AND (format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM c.data_type
            OR a.attcollation <> coalesce(to_regcollation(c.collation_name)::oid, t.typcollation)))
$$;
