-- The two roles of a warehouse, and the groups. The server's administrator runs this: a superuser, or a role
-- with CREATEROLE (RDS). The caller sets passwords afterwards; until then neither role can log in by
-- password.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'whadmin') THEN
        CREATE ROLE whadmin LOGIN;
        COMMENT ON ROLE whadmin IS 'Tenantry: owns the warehouse and runs it';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'phood_ro') THEN
        CREATE ROLE phood_ro LOGIN;
        COMMENT ON ROLE phood_ro IS 'Tenantry: reads tenant and public data for reports';
    END IF;
    -- Groups for people's own logins. The administrator grants them, so that nobody has to share whadmin's
    -- password.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenantry_operator') THEN
        CREATE ROLE tenantry_operator NOLOGIN;
        COMMENT ON ROLE tenantry_operator IS 'Tenantry: loads, verifies and folds existing tenants, pauses '
            'jobs and tenants; reads no secret';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenantry_auditor') THEN
        CREATE ROLE tenantry_auditor NOLOGIN;
        COMMENT ON ROLE tenantry_auditor IS 'Tenantry: reads everything that the warehouse knows except '
            'secrets, and changes nothing';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenantry_template_author') THEN
        CREATE ROLE tenantry_template_author NOLOGIN;
        COMMENT ON ROLE tenantry_template_author IS 'Tenantry: writes templates, and tries them on the '
            'sources of tenants';
    END IF;
    -- An administrator who is not a superuser acts as whadmin through membership. From PostgreSQL 16 on,
    -- creating a role gives only the right to grant it, and a membership may come without the right to SET
    -- ROLE.
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
        AND current_user <> 'whadmin'
        AND NOT (pg_catalog.pg_has_role(current_user, 'whadmin', 'USAGE') AND CASE
            WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000
            THEN pg_catalog.pg_has_role(current_user, 'whadmin', 'SET') ELSE true END)
    THEN
        BEGIN
            EXECUTE pg_catalog.format('GRANT whadmin TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            -- From 16 on, CREATEROLE alone is not enough for a role that another administrator made.
            RAISE EXCEPTION 'role "%" may not act as whadmin, which another role made', current_user
                USING ERRCODE = 'insufficient_privilege',
                HINT = pg_catalog.format('As that role, or as a superuser: GRANT whadmin, phood_ro TO %I '
                    'WITH '
                    'ADMIN OPTION', current_user);
        END;
    END IF;
    -- Together with the bounded branches of a union view, this setting lets the planner skip the days that a
    -- report does not ask for. If it is already set, leave it alone: nobody may alter another administrator's
    -- role.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
            WHERE r.rolname = 'phood_ro' AND s.setdatabase = 0
            AND 'constraint_exclusion=on' = ANY (s.setconfig)) THEN
        BEGIN
            ALTER ROLE phood_ro SET constraint_exclusion = on;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'role "%" may not alter phood_ro, which another role made', current_user
                USING ERRCODE = 'insufficient_privilege',
                HINT = pg_catalog.format('As that role, or as a superuser: GRANT whadmin, phood_ro TO %I '
                    'WITH '
                    'ADMIN OPTION', current_user);
        END;
    END IF;
END
$$;
