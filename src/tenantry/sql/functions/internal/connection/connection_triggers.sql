CREATE OR REPLACE FUNCTION _wh_internal.take_secret() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Before the row is written: take the password out of it and keep it for the trigger that runs after. An
-- INSERT that ends in ON CONFLICT DO NOTHING never reaches that trigger and so changes nothing; the password
-- it left is forgotten when the next statement begins.
DECLARE
    held jsonb := coalesce(nullif(current_setting('tenantry.held_secrets', true), ''), '{}')::jsonb;
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        PERFORM set_config('tenantry.held_secrets', '', true);
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.tenant_name <> OLD.tenant_name THEN
        RAISE EXCEPTION 'connection "%" cannot be renamed: materialized views refer to it by name',
            OLD.tenant_name
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Insert a connection with the new name, and load with it.';
    END IF;
    IF NEW.password IS NOT NULL THEN
        held := held || jsonb_build_object(NEW.tenant_name, NEW.password);
        PERFORM set_config('tenantry.held_secrets', held::text, true);
        NEW.password := NULL;
    END IF;
    IF held ? NEW.tenant_name AND (TG_OP = 'INSERT'
        OR _wh_internal.source_conninfo(NEW.tenant_name) ->> 'password' IS DISTINCT
        FROM held ->> NEW.tenant_name) THEN
        -- Setting the same password again does not change its age.
        NEW.password_set_at := now();
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION _wh_internal.keep_secret() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held jsonb := coalesce(nullif(current_setting('tenantry.held_secrets', true), ''), '{}')::jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', _wh_internal.server_name(OLD.tenant_name));
    ELSE
        PERFORM _wh_internal.apply_connection(NEW, held ->> NEW.tenant_name);
        PERFORM set_config('tenantry.held_secrets', (held - NEW.tenant_name)::text, true);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER forget_secrets BEFORE INSERT OR UPDATE ON _wh.tenant_connections
FOR EACH STATEMENT EXECUTE FUNCTION _wh_internal.take_secret();
CREATE OR REPLACE TRIGGER take_secret BEFORE INSERT OR UPDATE ON _wh.tenant_connections
FOR EACH ROW EXECUTE FUNCTION _wh_internal.take_secret();
CREATE OR REPLACE TRIGGER keep_secret AFTER INSERT OR UPDATE OR DELETE ON _wh.tenant_connections
FOR EACH ROW EXECUTE FUNCTION _wh_internal.keep_secret();
