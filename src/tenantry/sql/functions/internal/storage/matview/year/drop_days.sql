CREATE OR REPLACE FUNCTION _wh_internal.drop_days(relations oid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Drop daily materialized views that the tenant's view no longer reads. The caller has called hold_days.
BEGIN
    IF relations <> '{}' THEN
        PERFORM _wh_internal.execute_patiently('DROP MATERIALIZED VIEW '
            || (SELECT string_agg(r.oid::regclass::text, ', ') FROM unnest(relations) AS r (oid)));
    END IF;
END
$$;
