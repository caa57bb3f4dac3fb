CREATE OR REPLACE FUNCTION _wh.fold_year_step(template_name text, tenant text, year integer,
    continued boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: one step of folding a closed year of an existing feed.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
BEGIN
    IF NOT continued THEN
        PERFORM _wh_internal.audit('fold_year', format('%s.%s %s', feed.schema_name, feed.template_name,
            year), 'begun');
    END IF;
    RETURN _wh_internal.fold_feed(feed.template_name, feed.schema_name, year, true, continued);
END
$$;
COMMENT ON FUNCTION _wh.fold_year_step(text, text, integer, boolean) IS
    'For operators: take one step of folding a closed year of a tenant; next is the statement for the next';
