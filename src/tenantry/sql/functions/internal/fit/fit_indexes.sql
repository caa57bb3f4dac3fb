CREATE OR REPLACE FUNCTION _wh_internal.fit_indexes(feed _wh.feeds, relation oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring the indexes of a relation up to date with the template. Missing ones are created; former ones of the
-- template are dropped at the end, because only that blocks reports. A table that is to be indexed after a
-- bulk load is left alone. If rows violate a unique index, that is recorded as the failure of their days,
-- which have to be loaded again; the load itself continues.
DECLARE
    change record;
    failure text;
BEGIN
    IF NOT EXISTS (SELECT FROM _wh_internal.index_difference(feed, relation))
        OR EXISTS (SELECT FROM _wh_internal.unindexed_tables(feed) u WHERE u.relid = relation) THEN
        RETURN;
    END IF;
    PERFORM _wh_internal.await_lock(hashtextextended(jsonb_build_array('tenantry index', relation)::text, 0),
        false,
        format('table %s, which another session indexes', relation::regclass)),
            _wh_internal.hear_of_changes();
    -- A new index may need the name of a former one.
    FOR change IN SELECT d.* FROM _wh_internal.index_difference(feed, relation) d
        ORDER BY d.former NULLS LAST LOOP
        IF change.former IS NOT NULL THEN
            EXECUTE format('ALTER INDEX %s RENAME TO %I', change.former::regclass,
                'tenantry_old_' || change.former);
            CONTINUE;
        ELSIF change.is_unique AND EXISTS (SELECT FROM _wh.slices s
            JOIN _wh_internal.feed_relations(feed) r ON r.relid = relation
            AND r.suffix LIKE to_char(s.slice_date::timestamp, E'\\_YYYY') || '%'
            WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
                AND s.status = 'failed'
                AND s.error LIKE '%: more than one row has the same %') THEN
            -- This fails until those days are loaded again, and trying would cost each load a scan of the
            -- whole table.
            CONTINUE;
        END IF;
        BEGIN
            PERFORM _wh_internal.execute_patiently(change.statement);
        EXCEPTION WHEN unique_violation OR duplicate_table THEN
            failure := format('%s has no index "%s" yet: %s', relation::regclass, change.index_name, SQLERRM);
            IF SQLSTATE = '23505' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = relation) = 'r' THEN
                PERFORM _wh_internal.doubled_days(feed, relation);
            END IF;
            PERFORM _wh_internal.write_log('fit_indexes', 'ERROR', failure, to_jsonb(feed));
        END;
    END LOOP;
    FOR change IN SELECT c.oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = relation AND c.relname = 'tenantry_old_' || c.oid LOOP
        PERFORM _wh_internal.execute_patiently(format('DROP INDEX %s', change.oid::regclass));
    END LOOP;
END
$$;
