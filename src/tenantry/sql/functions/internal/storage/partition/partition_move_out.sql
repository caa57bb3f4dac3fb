CREATE OR REPLACE FUNCTION _wh_internal.partition_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The tenant's table keeps its partitions.
DECLARE
    target regclass := format('%I.%I', feed.schema_name, _wh_internal.fit_name(feed.template_name))::regclass;
BEGIN
    EXECUTE concat(_wh_internal.revoked_grants(target), format('ALTER TABLE %s RENAME TO %I', target,
        _wh_internal.fit_name((_wh_internal.side_feed(feed, 'tenantry_old_')).template_name)));
END
$$;
