CREATE OR REPLACE FUNCTION _wh_internal.drop_kept(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Drop the relations of a feed in _wh_data, including what moves put beside and aside, and delete its rows
-- from the tables that it shares with other tenants. No view reads any of them.
DECLARE
    side _wh.feeds;
    statements text := '';
    prefix text;
BEGIN
    FOREACH prefix IN ARRAY '{"",tenantry_move_,tenantry_old_,tenantry_new_,tenantry_former_}'::text[] LOOP
        side := feed;
        side.template_name := prefix || feed.template_name;
        CONTINUE WHEN prefix <> '' AND EXISTS (SELECT FROM _wh.feeds f
            WHERE f.schema_name = side.schema_name AND f.template_name = side.template_name);
        -- A partitioned table is dropped with its partitions.
        statements := concat(statements, (SELECT string_agg(format('DROP TABLE %s; ', t.relid::regclass), '')
            FROM (SELECT _wh_internal.kept_relation(_wh_internal.kept_name(side)) AS relid
                UNION SELECT y.relid FROM _wh_internal.year_relations(side) y
                JOIN pg_class c ON c.oid = y.relid AND c.relnamespace = to_regnamespace('_wh_data')) t
            WHERE t.relid IS NOT NULL));
    END LOOP;
    statements := concat(statements, (SELECT string_agg(format('DELETE FROM %s WHERE schema_name = %L; ',
        t.relid::regclass, feed.schema_name), '') FROM _wh.storages s
        CROSS JOIN LATERAL _wh_internal.kept_relation(_wh_internal.shared_name(feed.template_name,
            s.storage)) AS t (relid) WHERE s.shared AND t.relid IS NOT NULL));
    IF statements <> '' THEN
        PERFORM _wh_internal.execute_patiently(statements);
    END IF;
    DELETE FROM _wh.feed_tables t
        WHERE t.schema_name = feed.schema_name AND t.template_name = feed.template_name;
END
$$;
