CREATE OR REPLACE FUNCTION _wh_internal.fill_year(feed _wh.feeds, template _wh.mv_templates,
    target_year integer, target text, OUT days integer, OUT total bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET max_parallel_workers_per_gather = 0 AS $$
-- Create the yearly table `target` from the year's slices, in order of their days, and record it as what
-- holds these days. CREATE TABLE AS takes half the time of INSERT, and writes the pages itself as it goes:
-- INSERT leaves them to the commit, which reports wait for. Parallel workers would mix the days. The caller
-- holds the year's lock, and has read the slices' comments: hold_days removes them.
DECLARE
    columns _wh.template_columns[] := _wh_internal.feed_columns(feed);
    slice record;
    parts text[] := '{}'::text[];
    dates date[] := '{}'::date[];
    fillings oid[] := '{}'::oid[];
    counts bigint[] := '{}'::bigint[];
BEGIN
    FOR slice IN SELECT s.* FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) = target_year LOOP
        PERFORM _wh_internal.hold_days(ARRAY[slice.relid]);
        dates := dates || slice.slice_date;
        fillings := fillings || pg_relation_filenode(slice.relid);
        counts := counts || _wh_internal.refuse_foreign_rows(slice.relid::regclass, template,
            slice.slice_date);
        parts := parts || format('SELECT %s%s FROM %s', _wh_internal.select_list(slice.relid, columns),
            CASE WHEN template.time_column IS NULL
                THEN format(', DATE %L AS slice_date', slice.slice_date) END, slice.relid::regclass);
    END LOOP;
    -- A yearly table whose template names no time column has a column for the day, so that one day of it can
    -- be replaced.
    EXECUTE format('CREATE TABLE %s AS %s', target, array_to_string(parts, E'\nUNION ALL '));
    GET DIAGNOSTICS total = ROW_COUNT;
    IF total IS DISTINCT FROM (SELECT sum(c) FROM unnest(counts) c) THEN
        RAISE EXCEPTION 'year % of %.%: its slices have % rows, and % were copied', target_year,
            feed.schema_name, feed.template_name, (SELECT sum(c) FROM unnest(counts) c), total
            USING ERRCODE = 'data_corrupted';
    END IF;
    IF template.time_column IS NULL THEN
        EXECUTE format('ALTER TABLE %s ALTER slice_date SET NOT NULL', target);
    END IF;
    -- The records of the slices hold for the table's rows as far as they held for the slices'.
    INSERT INTO _wh.slices AS s (schema_name, template_name, slice_date, status, row_count, loaded_at,
        filenode)
    SELECT feed.schema_name, feed.template_name, d.slice_date, 'loaded', d.row_count, clock_timestamp(),
        pg_relation_filenode(target)
    FROM unnest(dates, counts) AS d (slice_date, row_count)
    ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE
        SET row_count = excluded.row_count, loaded_at = coalesce(s.loaded_at, excluded.loaded_at),
        filenode = excluded.filenode, digest = CASE WHEN s.filenode IS NULL
            OR s.filenode = fillings[array_position(dates, s.slice_date)]
            THEN CASE WHEN _wh_internal.digest_rows(s.digest) = excluded.row_count THEN s.digest END END;
    days := cardinality(dates);
END
$$;
