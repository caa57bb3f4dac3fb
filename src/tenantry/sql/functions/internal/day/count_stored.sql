CREATE OR REPLACE FUNCTION _wh_internal.count_stored(feed _wh.feeds, relation text, daily boolean,
    first_day date, last_day date) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- How many rows a relation stores for each of some days; days without rows are left out. A `daily` relation
-- holds only its own day. NULL if the relation has no way to tell the days apart, no longer exists, or may
-- not be read.
DECLARE
    template _wh.mv_templates;
    counts jsonb;
    days text;
    total bigint;
BEGIN
    SELECT * INTO template FROM _wh.mv_templates t WHERE t.template_name = feed.template_name;
    BEGIN
        IF daily THEN
            EXECUTE format('SELECT count(*) FROM %s', relation) INTO total;
            counts := jsonb_build_object(to_char(first_day::timestamp, 'YYYY-MM-DD'), total);
        ELSIF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(relation)
            AND a.attname = template.time_column AND NOT a.attisdropped) THEN
            days := _wh_internal.day_predicate(template, first_day, last_day);
            -- The copy of a move holds one tenant's rows, and may not name it.
            IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(relation)
                AND a.attname = 'schema_name' AND NOT a.attisdropped) THEN
                days := _wh_internal.feed_rows(feed, days);
            END IF;
            counts := coalesce(_wh_internal.count_days(template, relation, days), '{}');
        ELSIF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(relation)
            AND a.attname = 'slice_date' AND a.atttypid = 'date'::regtype
                AND NOT a.attisdropped) THEN
            EXECUTE format('SELECT coalesce(jsonb_object_agg(to_char(d.day::timestamp, ''YYYY-MM-DD''), '
                'd.n), ''{}'') FROM ('
                'SELECT slice_date AS day, count(*) AS n FROM %s WHERE slice_date BETWEEN %L AND %L GROUP BY '
                    '1) d', relation, first_day, last_day) INTO counts;
        END IF;
        -- This releases the locks: a fleet's relations do not all fit into the lock table at once. The counts
        -- stay.
        RAISE EXCEPTION SQLSTATE 'WH001';
    EXCEPTION
        WHEN SQLSTATE 'WH001' THEN NULL;
        WHEN undefined_table OR insufficient_privilege THEN counts := NULL;
    END;
    RETURN counts;
END
$$;
