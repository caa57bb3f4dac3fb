CREATE OR REPLACE FUNCTION _wh_internal.publish_tenant(feed _wh.feeds, afterwards text DEFAULT '', beforehand text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the tenant view up to date with the slices that are there; true if it had to change. `beforehand` and
-- `afterwards` are statements that belong to the same step, such as dropping what the view no longer reads. The locks
-- of the step are taken together and let go together, so it can be in a ring neither with a report nor with another
-- one. Slices must not be locked after it in the same transaction: others lock the view after their slices.
DECLARE
    name text := _wh_internal.fit_name(feed.template_name);
    template _wh.mv_templates;
    before text := _wh_internal.view_written(feed.schema_name, name);
BEGIN
    IF feed.storage = 'partition' THEN
        -- The tenant's table holds its slices itself.
        template := _wh_internal.find_template(feed.template_name);
        IF _wh_internal.partition_outranged(template, to_regclass(format('%I.%I', feed.schema_name, name))) IS NOT NULL THEN
            RETURN false;
        END IF;
        PERFORM _wh_internal.partition_columns(template, _wh_internal.partition_tenant(feed, template));
        RETURN false;
    END IF;
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.replace_tenant_view(%L, %L, %L)', feed, afterwards, beforehand));
    RETURN before IS DISTINCT FROM _wh_internal.view_written(feed.schema_name, name);
END
$$;
