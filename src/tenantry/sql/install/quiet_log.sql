-- For psql: until the transaction ends, keep statements out of the server's log, as far as the role may set
-- that. A statement with a password follows.
DO $$
DECLARE
    name text;
    value text;
BEGIN
    FOR name, value IN
        SELECT v.name, v.value
        FROM (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'),
            ('log_min_duration_sample', '-1'),
            ('log_transaction_sample_rate', '0'), ('log_min_error_statement', 'panic'),
                ('pgaudit.log', 'none'),
            ('pg_stat_statements.track_utility', 'off')) v(name, value)
        WHERE pg_catalog.current_setting(v.name, true) IS NOT NULL
    LOOP
        BEGIN
            PERFORM pg_catalog.set_config(name, value, true);
        EXCEPTION WHEN insufficient_privilege THEN
            IF name = 'log_statement' AND pg_catalog.current_setting(name) <> 'none' THEN
                RAISE WARNING 'the server logs statements, and role "%" may not change that: the log will '
                    'show the password', current_user
                    USING HINT = E'Set a different password with \\password, which sends it hashed.';
            END IF;
        END;
    END LOOP;
END
$$;
