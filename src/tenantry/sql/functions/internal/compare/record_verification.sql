CREATE OR REPLACE FUNCTION _wh_internal.record_verification(feed _wh.feeds, compared date[], different date[],
    failed integer, fault boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Keep how a comparison of a feed's days with their source ended, for alerts and metrics. It says nothing
-- about other days, so those that differed before stay, unless they have been loaded since. Only whadmin may
-- write here.
BEGIN
    INSERT INTO _wh.verifications AS v (schema_name, template_name, days, different_days, failed_days, fault)
    VALUES (feed.schema_name, feed.template_name, cardinality(compared), different, failed, fault)
    ON CONFLICT (schema_name, template_name) DO UPDATE SET verified_at = excluded.verified_at,
        days = excluded.days, failed_days = excluded.failed_days,
        fault = excluded.fault OR v.fault AND NOT v.different_days <@ compared,
        different_days = ARRAY(
            SELECT d FROM unnest(v.different_days) u (d)
            WHERE d <> ALL (compared) AND NOT EXISTS (SELECT FROM _wh.slices s
                WHERE s.schema_name = v.schema_name AND s.template_name = v.template_name
                    AND s.slice_date = d AND s.loaded_at > v.verified_at)
            UNION SELECT d FROM unnest(excluded.different_days) u (d) ORDER BY 1);
END
$$;
