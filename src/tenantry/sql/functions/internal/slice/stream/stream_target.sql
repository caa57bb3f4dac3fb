CREATE OR REPLACE FUNCTION _wh_internal.stream_target(feed _wh.feeds, first_day date, last_day date,
    own_types boolean, staged boolean, OUT into_warehouse text, OUT target text, OUT start_block bigint,
    OUT stored text, OUT replaceable boolean, OUT row_type oid, OUT array_type oid, OUT field_types oid[],
    OUT field_places integer[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Call it after stream_begin, once the source is at work. Returns the COPY statement for the warehouse. Days
-- without rows in the table go straight into it (start_block: where new rows begin). Of others, only rows
-- that are not stored are written: `stored` is the COPY that returns the rows to compare with, and the last
-- values say how a row of the table is made of what is sent (see row_array.py). If there are many of them,
-- they go into a staging table, which stream_stage makes then; also if somebody would notice that a changed
-- row is deleted and inserted (not `replaceable`). If rows cannot be compared, or with `staged`, all rows go
-- there.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    holder regclass := (_wh_internal.storage_holder(feed, first_day)).relid::regclass;
BEGIN
    target := holder::text;
    -- The table may hold other tenants' rows, too. The rows that are copied into it get this tenant's name.
    PERFORM set_config('tenantry.tenant', feed.schema_name, true);
    IF staged OR (_wh_internal.storage_traits(feed.storage)).distributed
        OR _wh_internal.kept_relation(_wh_internal.former_rows(feed)) IS NOT NULL
        OR EXISTS (SELECT FROM _wh.slices s
        WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day AND s.loaded_at IS NOT NULL)
        OR _wh_internal.days_have_rows(feed, template, holder, first_day, last_day)
    THEN
        PERFORM set_config('tenantry.snapshot', pg_current_snapshot()::text, true);
        IF own_types AND NOT staged THEN
            stored := _wh_internal.stored_images(feed, template, holder, first_day, last_day);
        END IF;
        IF stored IS NULL THEN
            PERFORM _wh_internal.stream_stage(template.template_name);
        ELSE
            SELECT NOT (r.relhastriggers OR r.relhasrules), t.oid, t.typarray,
                array_agg(a.atttypid ORDER BY a.attnum), array_agg(coalesce(c.position, 0) ORDER BY a.attnum)
            INTO replaceable, row_type, array_type, field_types, field_places
            FROM pg_class r JOIN pg_type t ON t.oid = r.reltype JOIN pg_attribute a ON a.attrelid = r.oid
            LEFT JOIN _wh.template_columns c
                ON c.template_name = template.template_name AND c.column_name = a.attname
            WHERE r.oid = holder AND a.attnum > 0 AND NOT a.attisdropped GROUP BY r.oid, t.oid;
        END IF;
        target := 'pg_temp.tenantry_stage';
    END IF;
    -- The first rows fill existing pages; the last ones also fill pages that another running load has added
    -- beforehand.
    start_block := greatest(0,
        pg_relation_size(to_regclass(target)) / current_setting('block_size')::bigint - 1024);
    into_warehouse := format('COPY %s (%s) FROM STDIN %s WHERE %s', target,
        _wh_internal.column_list(template.template_name),
        CASE WHEN own_types THEN '(FORMAT binary)' ELSE '(FORMAT text)' END,
        _wh_internal.day_predicate(template, first_day, last_day));
END
$$;
