CREATE OR REPLACE FUNCTION _wh_internal.stored_images(feed _wh.feeds, template _wh.mv_templates,
    holder regclass, first_day date, last_day date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The COPY that returns the stored rows of some days as the source sends its own, in binary form, and after
-- each row its place (ctid). NULL if that would not tell which rows differ: a column with a length or a
-- precision stores other values than the source sends, rows that belong to no day yet may be meant, or the
-- rows lie on other nodes. NULL also if there are more rows than the loader should hold in memory.
DECLARE
    most CONSTANT bigint := 100000;
    predicate text := _wh_internal.feed_rows(feed, _wh_internal.day_predicate(template, first_day, last_day));
BEGIN
    IF (_wh_internal.storage_traits(feed.storage)).distributed
        OR _wh_internal.kept_relation(_wh_internal.former_rows(feed)) IS NOT NULL
        OR (SELECT c.relkind FROM pg_class c WHERE c.oid = holder) <> 'r'
        OR EXISTS (SELECT FROM pg_attribute a JOIN _wh.template_columns c ON c.column_name = a.attname
            WHERE a.attrelid = holder AND a.atttypmod <> -1 AND c.template_name = template.template_name)
        OR (SELECT sum(s.row_count) FROM _wh.slices s
            WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
            AND s.slice_date BETWEEN first_day AND last_day) > most
    THEN
        RETURN NULL;
    END IF;
    RETURN format('COPY (SELECT %s, ctid FROM %s WHERE %s) TO STDOUT (FORMAT binary)',
        _wh_internal.column_list(template.template_name), holder, predicate);
END
$$;
