CREATE OR REPLACE FUNCTION _wh_internal.partition_finish(feed _wh.feeds) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Index and analyze what a bulk load left bare; the number of tables. All of a table's indexes come in one transaction,
-- so a table has either all of them or none.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    leaf record;
    done integer := 0;
BEGIN
    IF template.indexes IS NULL OR feed.storage <> 'partition' THEN
        RETURN 0;
    END IF;
    FOR leaf IN SELECT l.* FROM _wh_internal.partition_leaves(feed) l WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = l.relid) LOOP
        BEGIN
            EXECUTE _wh_internal.render_indexes(template.indexes, feed.schema_name, leaf.relname);
        EXCEPTION WHEN unique_violation THEN
            RAISE EXCEPTION '%.%: rows stand in more than one day: %', feed.schema_name, leaf.relname, SQLERRM USING ERRCODE = 'unique_violation',
                HINT = 'A row that moved to another day at the source while it was loaded: pull both days again.';
        END;
        EXECUTE format('ANALYZE %s', leaf.relid::regclass);
        done := done + 1;
    END LOOP;
    RETURN done;
END
$$;
