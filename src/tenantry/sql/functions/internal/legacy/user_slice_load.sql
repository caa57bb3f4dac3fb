CREATE OR REPLACE FUNCTION _wh_internal.user_slice_load(feed _wh.feeds, slice_date date, maker text,
    OUT action text, OUT row_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Load one slice through a create function that operators wrote themselves. An existing slice is refreshed,
-- so the function is called only for a new one. The caller holds the slice's lock.
DECLARE
    name text := _wh.create_mv_name(feed.template_name, slice_date);
    function_found regproc := _wh_internal.find_function(maker);
    relation regclass := to_regclass(format('%I.%I', feed.schema_name, name));
    result jsonb;
BEGIN
    IF relation IS NOT NULL THEN
        action := 'refreshed';
        PERFORM _wh_internal.refresh_relation(relation);
    ELSE
        action := 'created';
        result := _wh_internal.call_user_function(format('SELECT to_jsonb(%s(%L, %L, %L, $1))',
            function_found,
            feed.tenant_name, feed.schema_name, feed.template_name), slice_date);
        relation := to_regclass(format('%I.%I', feed.schema_name, name));
        IF result IS DISTINCT FROM 'true'::jsonb OR relation IS NULL THEN
            RAISE EXCEPTION 'function % returned %, and %', function_found, coalesce(result::text, 'NULL'),
                    CASE WHEN relation IS NULL THEN 'created no materialized view ' || name
                    ELSE 'made ' || name END
                USING ERRCODE = 'external_routine_exception',
                    HINT = 'A handler EXCEPTION WHEN OTHERS THEN RETURN FALSE hides the reason: remove it to '
                    'see the reason.';
        END IF;
    END IF;
    EXECUTE format('SELECT count(*) FROM %s', relation) INTO row_count;
END
$$;
