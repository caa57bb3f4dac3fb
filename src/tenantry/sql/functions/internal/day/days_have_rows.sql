CREATE OR REPLACE FUNCTION _wh_internal.days_have_rows(feed _wh.feeds, template _wh.mv_templates,
    leaf regclass, first_day date, last_day date) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
-- Whether a table has a feed's rows of some days, whatever the records say. An index on the time answers at
-- once.
-- Without one, as during a bulk load, the table is read once per session to find its days. Days that are
-- loaded later have a record; the records of the others may disappear in the meantime: see adopt_days.
DECLARE
    known jsonb;
    days jsonb;
    found boolean;
BEGIN
    IF pg_relation_size(leaf) = 0 THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
        AND a.attnum = i.indkey[0]
        WHERE i.indrelid = leaf AND a.attname = template.time_column AND i.indisvalid AND i.indpred IS NULL)
    THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', leaf,
            _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, first_day, last_day)))
            INTO found;
        RETURN found;
    END IF;
    known := coalesce(nullif(current_setting('tenantry.days_of_tables', true), ''), '{}')::jsonb;
    days := known -> leaf::oid::text;
    IF days IS NULL THEN
        PERFORM set_config('enable_seqscan', 'on', true);
        EXECUTE format('SELECT coalesce(jsonb_agg(DISTINCT (%I%s)::date), ''[]'') FROM %s',
            template.time_column, _wh_internal.day_zone(template), leaf) INTO days;
        PERFORM set_config('tenantry.days_of_tables',
            (known || jsonb_build_object(leaf::oid::text, days))::text, false);
    END IF;
    RETURN EXISTS (SELECT FROM jsonb_array_elements_text(days) d
        WHERE d::date BETWEEN first_day AND last_day);
END
$$;
