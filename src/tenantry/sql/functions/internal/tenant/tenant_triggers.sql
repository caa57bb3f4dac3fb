CREATE OR REPLACE FUNCTION _wh_internal.forget_readers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Rights to a tenant are dropped with it: a new tenant with the same name is another one, and only roles
-- that are granted it again read it.
DECLARE
    tenant text := CASE TG_OP WHEN 'INSERT' THEN NEW.schema_name ELSE OLD.schema_name END;
    reader text;
BEGIN
    FOR reader IN UPDATE _wh.readers r SET tenants = array_remove(r.tenants, tenant)
        WHERE tenant = ANY (r.tenants) RETURNING r.reader_name LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('tenantry register ' || tenant, 0));
        IF to_regrole(quote_ident(reader)) IS NOT NULL
            AND EXISTS (SELECT FROM pg_namespace n
            WHERE n.nspname = tenant AND pg_has_role(n.nspowner, 'USAGE')) THEN
            PERFORM _wh_internal.withdraw_reader(reader, tenant);
        END IF;
    END LOOP;
    IF reader IS NOT NULL THEN
        PERFORM _wh_internal.forget_tenant();
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER forget_readers AFTER INSERT OR DELETE ON _wh.tenants
FOR EACH ROW EXECUTE FUNCTION _wh_internal.forget_readers();
CREATE OR REPLACE TRIGGER forget_readers_of_former AFTER UPDATE ON _wh.tenants
FOR EACH ROW
    WHEN (NEW.schema_name <> OLD.schema_name OR NEW.dropping_at IS NOT NULL AND OLD.dropping_at IS NULL)
EXECUTE FUNCTION _wh_internal.forget_readers();
