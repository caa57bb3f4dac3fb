CREATE OR REPLACE FUNCTION _wh_internal.stage_day(feed _wh.feeds, template _wh.mv_templates, slice_date date)
    RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Pull a whole day through dblink into pg_temp.tenantry_stage, and check that no row is of another day.
-- Returns the number of rows.
BEGIN
    -- IF EXISTS would print a notice that there is none.
    IF to_regclass('pg_temp.tenantry_stage') IS NOT NULL THEN
        DROP TABLE pg_temp.tenantry_stage;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE tenantry_stage ON COMMIT DROP AS %s',
        _wh_internal.source_select(feed, template, slice_date));
    RETURN _wh_internal.refuse_foreign_rows(to_regclass('pg_temp.tenantry_stage'), template, slice_date);
END
$$;
