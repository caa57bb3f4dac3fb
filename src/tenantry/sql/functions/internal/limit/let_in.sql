CREATE OR REPLACE FUNCTION _wh_internal.let_in(view regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let limited readers use a public view that shows them their tenants alone.
DECLARE
    reader text;
BEGIN
    FOR reader IN SELECT r.reader FROM _wh_internal.limited_readers() r
        WHERE NOT (has_table_privilege(r.reader, '_wh.limited', 'SELECT')
            AND has_table_privilege(r.reader, view, 'SELECT')) ORDER BY r.reader LOOP
        -- First what the view knows them by.
        EXECUTE format('GRANT SELECT ON _wh.limited TO %1$I; GRANT SELECT ON %2$s TO %1$I; '
            'GRANT EXECUTE ON FUNCTION _wh_internal.freshness(name) TO %1$I', reader, view);
    END LOOP;
END
$$;
