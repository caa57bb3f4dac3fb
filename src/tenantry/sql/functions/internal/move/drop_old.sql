CREATE OR REPLACE FUNCTION _wh_internal.drop_old(template_name text, target_schema text, most integer)
    RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Drop at most `most` relations that a move put aside; return how many. Dropping one also locks its indexes,
-- so those of several years do not fit into the lock table at once.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    old _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_old_');
    parent oid := _wh_internal.kept_relation(_wh_internal.kept_name(old));
    statements text;
    found integer;
BEGIN
    PERFORM _wh_internal.hold_feed(feed);
    IF parent IS NOT NULL THEN
        SELECT count(*) + 1 INTO found FROM _wh_internal.partition_leaves(old);
        statements := format('DROP TABLE %s', parent::regclass);
    ELSE
        SELECT string_agg(format('DROP %s %s', CASE r.relkind WHEN 'm' THEN 'MATERIALIZED VIEW'
            ELSE 'TABLE' END, r.relid::regclass), '; '), count(*)
        INTO statements, found
        FROM (SELECT o.relid, c.relkind FROM _wh_internal.feed_relations(old) o
            JOIN pg_class c ON c.oid = o.relid ORDER BY o.relname LIMIT most) r;
    END IF;
    IF found > 0 THEN
        PERFORM _wh_internal.execute_patiently(statements);
        PERFORM _wh_internal.write_log('drop_old_storage', 'INFO', 'old storage dropped',
            to_jsonb(feed) || jsonb_build_object('relations', found));
    END IF;
    RETURN found;
END
$$;
