CREATE OR REPLACE FUNCTION _wh_internal.publish_public(template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Unite the tenants: a partitioned table where all are kept in partitions, else a view over whatever each is kept in.
-- True if something had to change. The caller holds the public view's lock.
DECLARE
    partitioned boolean := (SELECT coalesce(bool_and(f.storage = 'partition'), template.storage = 'partition')
        FROM _wh.feeds f WHERE f.template_name = template.template_name);
BEGIN
    IF partitioned THEN
        RETURN _wh_internal.partition_publish(template);
    END IF;
    RETURN _wh_internal.union_publish(template);
END
$$;
