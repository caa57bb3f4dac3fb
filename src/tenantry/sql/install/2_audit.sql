-- The audit trail, in a schema that belongs to the administrator: whadmin owns _wh and could drop anything in
-- it. The administrator runs this, after 2_database.sql. It can be repeated, also by another administrator.
DO $$
DECLARE
    owner name := (SELECT pg_catalog.pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace n
        WHERE n.nspname = '_wh_audit');
BEGIN
    IF owner IS NOT NULL AND pg_catalog.pg_has_role('whadmin', owner, 'MEMBER') THEN
        RAISE EXCEPTION 'the schema "_wh_audit" belongs to "%", which could change its entries', owner
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Check what it contains, drop it, then run this again.';
    END IF;
    IF owner IS NOT NULL AND NOT pg_catalog.pg_has_role(current_user, owner, 'USAGE') THEN
        -- It belongs to another administrator, who keeps it.
        RETURN;
    END IF;
    CREATE SCHEMA IF NOT EXISTS _wh_audit;
    COMMENT ON SCHEMA _wh_audit IS 'Tenantry: who changed what; whadmin can add entries, but not change or '
        'remove them';
    CREATE TABLE IF NOT EXISTS _wh_audit.entries (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        login text NOT NULL,
        role text NOT NULL,
        application text NOT NULL,
        address inet,
        pid integer NOT NULL,
        os_user text,
        host text,
        what text NOT NULL,
        subject text NOT NULL,
        result text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS entries_at ON _wh_audit.entries (at);
    COMMENT ON TABLE _wh_audit.entries IS 'Who changed what; a trigger writes the time, login, role, '
        'application, address and process';
    CREATE TABLE IF NOT EXISTS _wh_audit.restored (
        backup text NOT NULL,
        id bigint NOT NULL,
        at timestamptz NOT NULL,
        login text NOT NULL,
        role text NOT NULL,
        application text NOT NULL,
        address inet,
        pid integer NOT NULL,
        os_user text,
        host text,
        what text NOT NULL,
        subject text NOT NULL,
        result text NOT NULL,
        restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        restored_by text NOT NULL DEFAULT session_user,
        PRIMARY KEY (backup, id)
    );
    COMMENT ON TABLE _wh_audit.restored IS 'The audit trail that a backup holds of its warehouse; written by '
        'the administrator who restored it';
    CREATE OR REPLACE FUNCTION _wh_audit.stamp() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $stamp$
    -- The server sets these values, whatever the entry says. Only the program itself can name its
    -- operating-system user and host.
    BEGIN
        NEW.at := clock_timestamp();
        NEW.login := session_user;
        NEW.role := current_user;
        NEW.application := current_setting('application_name');
        NEW.address := inet_client_addr();
        NEW.pid := pg_backend_pid();
        NEW.os_user := left(nullif(current_setting('tenantry.os_user', true), ''), 100);
        NEW.host := left(nullif(current_setting('tenantry.host', true), ''), 100);
        NEW.what := left(NEW.what, 200);
        NEW.subject := left(NEW.subject, 2000);
        NEW.result := left(NEW.result, 2000);
        RETURN NEW;
    END
    $stamp$;
    REVOKE ALL ON FUNCTION _wh_audit.stamp() FROM PUBLIC;
    CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON _wh_audit.entries FOR EACH ROW
        EXECUTE FUNCTION _wh_audit.stamp();
    REVOKE ALL ON SCHEMA _wh_audit FROM whadmin;
    REVOKE ALL ON _wh_audit.entries, _wh_audit.restored FROM whadmin;
    GRANT USAGE ON SCHEMA _wh_audit TO whadmin;
    GRANT USAGE ON SCHEMA _wh_audit TO tenantry_auditor, tenantry_operator;
    GRANT SELECT ON _wh_audit.entries, _wh_audit.restored TO tenantry_auditor, tenantry_operator;
    GRANT SELECT ON _wh_audit.restored TO whadmin;
    GRANT SELECT, INSERT (what, subject, result) ON _wh_audit.entries TO whadmin;
END
$$;
