CREATE OR REPLACE FUNCTION _wh_internal.check_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Before a row is written: refuse a name that PostgreSQL would cut, and a tenant in a reader's workspace. The
-- arguments are the column and the kind of thing it names.
BEGIN
    PERFORM _wh_internal.require_name(TG_ARGV[1], to_jsonb(NEW) ->> TG_ARGV[0]);
    IF TG_ARGV[1] = 'tenant' THEN
        PERFORM _wh_internal.refuse_workspace(to_jsonb(NEW) ->> TG_ARGV[0]);
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER check_name BEFORE INSERT OR UPDATE OF tenant_name ON _wh.tenant_connections
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_name('tenant_name', 'connection');
CREATE OR REPLACE TRIGGER check_name BEFORE INSERT OR UPDATE OF template_name ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_name('template_name', 'template');
CREATE OR REPLACE TRIGGER check_name BEFORE INSERT OR UPDATE OF schema_name ON _wh.tenants
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_name('schema_name', 'tenant');
CREATE OR REPLACE TRIGGER check_name BEFORE INSERT OR UPDATE OF reader_name ON _wh.readers
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_name('reader_name', 'reader');
