CREATE OR REPLACE FUNCTION _wh_internal.limit_authors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Who writes templates and is no member of whadmin, as the trigger looks up, says what a source is asked for.
-- How the days of tenants are kept, which may cost them their rows, is whadmin's to change.
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
        -- A function of the operators' own loads days of this name.
        changed := 'template_name';
    END IF;
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'template "%" is used by tenants, and role "%" may not change its %',
            NEW.template_name, session_user, changed
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'Let whadmin do that. A template author changes query, columns, indexes and '
                'descriptions.';
    END IF;
    RETURN NEW;
END
$$;

-- The condition is looked at with the rights of whoever writes, the function with those of its owner.
CREATE OR REPLACE TRIGGER limit_authors BEFORE INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW
    WHEN (NOT pg_catalog.pg_has_role(current_user, 'whadmin',
    'USAGE')) EXECUTE FUNCTION _wh_internal.limit_authors();
