CREATE OR REPLACE FUNCTION _wh_internal.named_query(template _wh.mv_templates, query text, given text[])
    RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- A query of a source as an item of FROM, whose columns have the names that the template declares. `given`
-- are the names that the source reports. If they are the declared names, the source matches them itself, and
-- reports an error when one is gone, also much later. The line break is for a query that ends in a comment.
BEGIN
    PERFORM _wh_internal.match_columns(template, given);
    RETURN CASE WHEN _wh_internal.matched_by_name(template, given) THEN format(E'(%s\n) AS q', query)
        ELSE format(E'(%s\n) AS q(%s)', query, _wh_internal.column_list(template.template_name)) END;
END
$$;
