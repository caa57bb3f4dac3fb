CREATE OR REPLACE FUNCTION _wh_internal.storage_unknown(template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'template "%": storage "%" is not available in this version', template.template_name, template.storage
        USING ERRCODE = 'feature_not_supported', HINT = 'Set its storage to matview.';
END
$$;
