CREATE OR REPLACE FUNCTION _wh_internal.hush() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Until the transaction ends, keep parameters out of the server's log, and utility statements out of
-- pg_stat_statements, because one of the statements that follow holds a password. Skip settings that the role
-- may not change; doctor reports those.
DECLARE
    setting record;
BEGIN
    FOR setting IN SELECT v.name, v.value
        FROM (VALUES ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'),
        ('pg_stat_statements.track_utility', 'off')) v (name, value)
        WHERE current_setting(v.name, true) IS NOT NULL
    LOOP
        BEGIN
            PERFORM set_config(setting.name, setting.value, true);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
END
$$;
