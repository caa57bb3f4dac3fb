CREATE OR REPLACE FUNCTION _wh_internal.audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Record a change to a row of a table that decides what is loaded or who reads it. The row is named by its
-- key, the first column.
DECLARE
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - '{created_at,updated_at}'::text[] END;
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - '{created_at,updated_at}'::text[] END;
    changed text := (SELECT string_agg(key, ', ' ORDER BY key) FROM jsonb_each(after) WHERE value IS DISTINCT
        FROM before -> key);
BEGIN
    IF before IS DISTINCT FROM after THEN
        PERFORM _wh_internal.audit(lower(TG_OP) || ' ' || TG_TABLE_NAME,
            coalesce(after, before) ->> TG_ARGV[0],
            CASE TG_OP WHEN 'UPDATE' THEN 'changed: ' || changed ELSE 'done' END);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.audit_row('template_name');
CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON _wh.tenant_connections
FOR EACH ROW EXECUTE FUNCTION _wh_internal.audit_row('tenant_name');
CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON _wh.tenants
FOR EACH ROW EXECUTE FUNCTION _wh_internal.audit_row('schema_name');
CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON _wh.template_overrides
FOR EACH ROW EXECUTE FUNCTION _wh_internal.audit_row('template_name');
CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON _wh.readers
FOR EACH ROW EXECUTE FUNCTION _wh_internal.audit_row('reader_name');
