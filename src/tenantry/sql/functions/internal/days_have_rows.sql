CREATE OR REPLACE FUNCTION _wh_internal.days_have_rows(feed _wh.feeds, template _wh.mv_templates, leaf regclass, first_day date, last_day date) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
-- Whether a table has rows of some days, whatever the record of loads says. An index on the time tells at once. Without one, as
-- while a bulk load is at work, the table is read once in a session, for rows of days that no record speaks of: those
-- of the other days were found by their records.
DECLARE
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    checked text := format(',%s,', leaf::oid);
    found boolean;
BEGIN
    IF pg_relation_size(leaf) = 0 THEN
        RETURN false;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = leaf AND a.attname = template.time_column AND i.indisvalid AND i.indpred IS NULL)
    THEN
        IF strpos(coalesce(current_setting('tenantry.tables_with_records', true), ''), checked) > 0 THEN
            RETURN false;
        END IF;
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE (%I%s)::date NOT IN (SELECT s.slice_date FROM _wh.slices s'
            ' WHERE s.schema_name = %L AND s.template_name = %L AND s.loaded_at IS NOT NULL))',
            leaf, template.time_column, _wh_internal.day_zone(template), feed.schema_name, feed.template_name) INTO found;
        IF NOT found THEN
            PERFORM set_config('tenantry.tables_with_records', coalesce(current_setting('tenantry.tables_with_records', true), '') || checked, false);
            RETURN false;
        END IF;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', leaf, predicate) INTO found;
    RETURN found;
END
$$;
