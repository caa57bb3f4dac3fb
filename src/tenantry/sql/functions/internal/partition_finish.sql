CREATE OR REPLACE FUNCTION _wh_internal.partition_finish(feed _wh.feeds) RETURNS TABLE (slice_date date, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Index and analyze what a bulk load left bare. All of a table's indexes come in one transaction, so a table has either
-- all of them or none. A row that moved to another day at the source while its months were pulled is there twice: the
-- days that it stands in are returned and noted as failed, so that the next backfill pulls them again.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(feed.template_name);
    leaf record;
    failure text;
    failure_detail text;
BEGIN
    IF template.indexes IS NULL OR feed.storage <> 'partition' THEN
        RETURN;
    END IF;
    FOR leaf IN SELECT l.* FROM _wh_internal.partition_leaves(feed) l WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = l.relid) LOOP
        -- One at a time: else two would make the same indexes. Reports go on, loads wait.
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', leaf.relid::regclass);
        CONTINUE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leaf.relid);
        BEGIN
            EXECUTE _wh_internal.render_indexes(template.indexes, feed.schema_name, leaf.relname);
            EXECUTE format('ANALYZE %s', leaf.relid::regclass);
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, failure_detail = PG_EXCEPTION_DETAIL;
            RETURN QUERY SELECT d.slice_date, d.error FROM _wh_internal.partition_doubled(feed, template, leaf.relid) d;
            IF NOT FOUND THEN
                RAISE EXCEPTION '%: %', leaf.relid::regclass, failure USING ERRCODE = 'unique_violation', DETAIL = failure_detail;
            END IF;
        END;
    END LOOP;
END
$$;
