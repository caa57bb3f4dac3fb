CREATE OR REPLACE FUNCTION _wh_internal.source_load(feed _wh.feeds, template _wh.mv_templates, slice_date date,
    OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Load one slice through dblink into the storage of its feed, with one login: whoever holds none for a whole window gets one
-- for this slice, since the source is asked for its columns first.
DECLARE
    own boolean;
BEGIN
    EXECUTE format('SELECT coalesce(%L <> ALL (%I.dblink_get_connections()), true)', _wh_internal.server_name(feed.tenant_name),
        _wh_internal.dblink_schema()) INTO own;
    BEGIN
        IF own THEN
            PERFORM _wh_internal.hold_source(feed.tenant_name);
        END IF;
        IF feed.storage = 'partition' THEN
            SELECT l.action, l.row_count INTO action, row_count FROM _wh_internal.partition_load(feed, template, slice_date) l;
        ELSE
            SELECT l.action, l.row_count INTO action, row_count FROM _wh_internal.matview_load(feed, template, slice_date) l;
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        IF own THEN
            PERFORM _wh_internal.release_source(feed.tenant_name);
        END IF;
        RAISE;
    END;
    IF own THEN
        PERFORM _wh_internal.release_source(feed.tenant_name);
    END IF;
END
$$;
