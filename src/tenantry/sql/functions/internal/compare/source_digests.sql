CREATE OR REPLACE FUNCTION _wh_internal.source_digests(feed _wh.feeds, first_day date, last_day date,
    as_kept boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Each day and its digest at the source, through the login that hold_source keeps; NULL if the source has
-- rows outside the days. What is pulled through that login until release_source belongs to the same snapshot.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    digests jsonb;
BEGIN
    PERFORM _wh_internal.begin_source(feed.tenant_name);
    EXECUTE format('SELECT jsonb_object_agg(coalesce(to_char(d.day::timestamp, ''YYYY-MM-DD''), ''none''), '
        'd.digest) FROM %I.dblink(%L, %L) AS d(day date, digest text)',
        _wh_internal.dblink_schema(), _wh_internal.server_name(feed.tenant_name),
            _wh_internal.digest_query(feed, first_day, last_day,
            _wh_internal.source_names(template, feed.tenant_name, feed.schema_name), as_kept => as_kept))
                INTO digests;
    RETURN CASE WHEN (SELECT count(*) FROM jsonb_object_keys(digests)) = last_day - first_day + 1
        THEN digests END;
END
$$;
