CREATE OR REPLACE FUNCTION _wh.create_combined_table_from_template_by_year(template_name text,
    target_schema text, target_year integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- In one transaction, as it is one call. A reader's wait for it is shorter in several: see fold_in_steps.
BEGIN
    RETURN _wh_internal.fold_feed(template_name, target_schema, target_year, false, false);
END
$$;
COMMENT ON FUNCTION _wh.create_combined_table_from_template_by_year IS
    'Fold the daily slices of a closed, complete year into one yearly table; readers see every row exactly '
    'once throughout';
