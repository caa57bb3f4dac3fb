CREATE OR REPLACE FUNCTION _wh_internal.pin() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Pin the settings until the transaction ends. For procedures that commit, because those cannot have
    -- settings of their own.
    SELECT set_config(p.name, p.value, true) FROM _wh_internal.pins() p
        WHERE current_setting(p.name, true) IS NOT NULL
$$;
