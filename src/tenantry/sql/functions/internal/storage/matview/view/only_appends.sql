CREATE OR REPLACE FUNCTION _wh_internal.only_appends(schema_name text, view_name text,
    columns _wh.template_columns[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a view gets no other change of its columns than new ones at its end: then views that read it
    -- stay as they are.
    SELECT coalesce(starts_with(_wh_internal.columns_shape(columns) || ', ',
        _wh_internal.view_columns(schema_name, view_name) || ', '), false)
$$;
