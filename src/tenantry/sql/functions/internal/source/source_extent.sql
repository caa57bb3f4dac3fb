CREATE OR REPLACE FUNCTION _wh_internal.source_extent(template_name text, tenant_name text, schema_name text,
    OUT first_day date, OUT last_day date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The first and last UTC day for which the source has rows, or NULLs. Ordered with a limit rather than min
-- and max over the joins, so that an index on the time column answers at once. Years that are no plausible
-- ones are left out: see source_odd_days.
BEGIN
    SELECT said.first_day, said.last_day INTO first_day, last_day
    FROM _wh_internal.ask_ranges(template_name, tenant_name, schema_name, 'first_day date, last_day date',
        'SELECT (SELECT slice_date FROM (%1$s) s ORDER BY at LIMIT 1), (SELECT slice_date FROM (%1$s) s '
            'ORDER BY at DESC LIMIT 1)',
        ARRAY['1900-01-01 00:00:00+00', '9999-12-31 00:00:00+00']) AS said(first_day date, last_day date);
END
$$;
