CREATE OR REPLACE FUNCTION _wh_internal.partition_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Detach the tenant's table, with its partitions, from the table of all tenants.
DECLARE
    target regclass := _wh_internal.kept_relation(_wh_internal.kept_name(feed))::regclass;
    root regclass := (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = target);
BEGIN
    IF root IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', root, target);
    END IF;
    EXECUTE format('ALTER TABLE %s RENAME TO %I', target,
        _wh_internal.kept_name(_wh_internal.side_feed(feed, 'tenantry_old_')));
END
$$;
