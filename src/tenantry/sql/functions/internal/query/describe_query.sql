CREATE OR REPLACE FUNCTION _wh_internal.describe_query(feed _wh.feeds, first_day date, last_day date)
    RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- A feed's query, for the source to describe, which only parses it. In parentheses it can only be
-- a query.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
BEGIN
    RETURN format(E'SELECT * FROM (%s\n) AS q',
        _wh_internal.render_query(_wh_internal.template_query(template), feed.schema_name, first_day,
        last_day));
END
$$;
