CREATE OR REPLACE FUNCTION _wh_internal.storage_publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Unite the tenants: as their storage does, if all are kept in one, else by a view over whatever each is kept
-- in. True if something had to change. The caller holds the public view's lock.
DECLARE
    used text[] := ARRAY(SELECT DISTINCT f.storage FROM _wh.feeds f
        WHERE f.template_name = template.template_name);
    changed boolean;
BEGIN
    IF cardinality(used) > 1 THEN
        changed := _wh_internal.union_publish(template);
    ELSE
        EXECUTE format('SELECT %s($1)', _wh_internal.storage_routine(coalesce(used[1], template.storage),
            'publish_public')) USING template INTO changed;
    END IF;
    PERFORM _wh_internal.describe_view('public', _wh_internal.fit_name(template.template_name), template);
    RETURN changed;
END
$$;
