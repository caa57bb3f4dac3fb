CREATE OR REPLACE FUNCTION _wh_internal.limit_authors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- A template author who is not a member of whadmin (as the trigger's condition checks) decides what sources
-- are queried for. Only whadmin may change how the tenants' days are stored, because that can cost them rows.
DECLARE
    changed text;
BEGIN
    IF NOT EXISTS (SELECT FROM _wh.feeds f WHERE f.template_name = NEW.template_name) THEN
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT string_agg(n.key, ', ' ORDER BY n.key) INTO changed FROM jsonb_each(to_jsonb(NEW)) n
        WHERE n.key IN ('template_name', 'storage', 'time_column', 'partition_by', 'ahead')
            AND n.value <> to_jsonb(OLD) -> n.key;
    ELSIF NOT EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = NEW.template_name) THEN
        -- One of the operators' own functions loads days under this name.
        changed := 'template_name';
    END IF;
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'template "%" is used by tenants, and role "%" may not change its %',
            NEW.template_name, session_user, changed
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'Ask whadmin to do it. A template author may change the query, columns, indexes and '
                'descriptions.';
    END IF;
    RETURN NEW;
END
$$;

-- The condition is checked with the rights of the role that writes; the function runs with its owner's.
CREATE OR REPLACE TRIGGER limit_authors BEFORE INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW
    WHEN (NOT pg_catalog.pg_has_role(current_user, 'whadmin',
    'USAGE')) EXECUTE FUNCTION _wh_internal.limit_authors();
