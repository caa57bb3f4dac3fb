CREATE OR REPLACE FUNCTION _wh_internal.keep_template_indexes(template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Store what parse_indexes returns. Former indexes stay, without a position: they show which indexes of a
-- table a former version of the template made, and which are an operator's own.
DECLARE
    parts _wh.template_indexes[] := ARRAY(SELECT p FROM _wh_internal.parse_indexes(template) p);
BEGIN
    UPDATE _wh.template_indexes i SET position = NULL WHERE i.template_name = template.template_name
        AND i.position IS NOT NULL;
    INSERT INTO _wh.template_indexes AS i SELECT (p).* FROM unnest(parts) p
    ON CONFLICT (template_name, index_name, fingerprint) DO UPDATE SET position = excluded.position;
END
$$;
