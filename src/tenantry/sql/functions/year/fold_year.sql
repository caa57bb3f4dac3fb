CREATE OR REPLACE FUNCTION _wh.fold_year(template_name text, tenant text, year integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: fold a closed year of an existing feed.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
BEGIN
    PERFORM _wh_internal.audit('fold_year', format('%s.%s %s', feed.schema_name, feed.template_name, year),
        'begun');
    RETURN _wh.create_combined_table_from_template_by_year(feed.template_name, feed.schema_name, year);
END
$$;
COMMENT ON FUNCTION _wh.fold_year(text, text, integer) IS 'For operators: fold a closed year of a tenant';
