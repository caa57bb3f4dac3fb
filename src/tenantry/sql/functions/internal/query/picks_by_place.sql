CREATE OR REPLACE FUNCTION _wh_internal.picks_by_place(relation regclass, feed _wh.feeds,
    template _wh.mv_templates) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Whether a slice picks the columns of its query by position, although the source's names are the declared
-- ones: a slice that was made before columns were picked by name. Raises an error if the positions differ
-- from the declared ones.
DECLARE
    names text[];
BEGIN
    IF strpos(pg_get_viewdef(relation),
        replace(replace(_wh_internal.select_head(template), E'\\', E'\\\\'), '''', '''''')) > 0 THEN
        RETURN false;
    END IF;
    names := _wh_internal.source_names(template, feed.tenant_name, feed.schema_name);
    PERFORM _wh_internal.match_columns(template, names);
    RETURN _wh_internal.matched_by_name(template, names);
END
$$;
