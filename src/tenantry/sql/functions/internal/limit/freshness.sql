CREATE OR REPLACE FUNCTION _wh_internal.freshness(reader name)
RETURNS TABLE (tenant text, template text, complete_until date, last_loaded_at timestamptz,
    missing_days bigint, failed_days bigint, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- How fresh the data are that a role may see. The records of loads answer for a feed if each of them is
    -- bound to a filling that is still there; otherwise day_states does, which takes long for many feeds. In
    -- a storage whose relations hold one day each, some days may be present without a record.
    WITH feeds AS MATERIALIZED (
        SELECT f AS feed, f.schema_name, f.template_name, f.first_day, s.united, w.disabled_at,
            _wh_internal.definition_hash(t) AS hash
        FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        JOIN _wh.mv_templates t ON t.template_name = f.template_name
        JOIN _wh.tenants w USING (schema_name) JOIN pg_namespace n ON n.nspname = f.schema_name
        WHERE NOT has_table_privilege(reader, '_wh.limited', 'SELECT')
            OR has_schema_privilege(reader, n.oid, 'USAGE')
    ), fillings AS MATERIALIZED (
        SELECT s.schema_name, s.template_name, s.filenode, f.united, max(s.loaded_at) AS loaded_at,
            count(s.loaded_at) AS loaded,
            count(s.loaded_at) FILTER (WHERE s.slice_date >= f.first_day AND s.slice_date < d.today)
                AS present,
            count(*) FILTER (WHERE s.status = 'failed') AS failed,
            count(*) FILTER (WHERE s.slice_date < d.today
                AND s.loaded_at < (s.slice_date + 1)::timestamp AT TIME ZONE 'UTC') AS stale,
            count(s.loaded_at) FILTER (WHERE s.definition_hash <> f.hash) AS outdated
        FROM feeds f CROSS JOIN _wh.current_date_utc() AS d (today)
        JOIN _wh.slices s ON s.schema_name = f.schema_name AND s.template_name = f.template_name
        GROUP BY 1, 2, 3, 4
    ), counted AS (
        SELECT x.schema_name, x.template_name, max(x.loaded_at) AS last_loaded_at, sum(x.loaded) FILTER (
                WHERE c.oid IS NULL) AS doubtful, sum(x.present)::bigint AS present,
            sum(x.failed)::bigint AS failed, sum(x.stale)::bigint AS stale,
            sum(x.outdated)::bigint AS outdated
        FROM fillings x LEFT JOIN pg_class c ON c.relfilenode = x.filenode AND c.relkind IN ('r', 'm')
            AND c.relispopulated AND c.relispartition = x.united
        GROUP BY x.schema_name, x.template_name
    ), judged AS MATERIALIZED (
        SELECT f.*, c.last_loaded_at, d.today, d.today - f.first_day - coalesce(c.present, 0) AS missing,
            coalesce(c.failed, 0) AS failed, coalesce(c.stale, 0) AS stale,
            coalesce(c.outdated, 0) AS outdated,
            coalesce(f.first_day <= d.today AND coalesce(c.doubtful, 0) = 0
            AND (f.united OR c.present = d.today - f.first_day), false) AS easy
        FROM feeds f LEFT JOIN counted c USING (schema_name, template_name)
        CROSS JOIN _wh.current_date_utc() AS d (today)
    ), decided AS (
        SELECT j.schema_name, j.template_name, j.last_loaded_at, j.disabled_at, true AS begun,
            j.missing, j.failed, j.stale, j.outdated, CASE WHEN j.missing + j.stale = 0
                THEN CASE WHEN j.today > j.first_day THEN j.today - 1 END
                ELSE (SELECT CASE WHEN min(g.day) > j.first_day THEN min(g.day)::date - 1 END
                    FROM generate_series(j.first_day::timestamp, j.today - interval '1 day', '1 day')
                        AS g (day)
                    WHERE NOT EXISTS (SELECT FROM _wh.slices s WHERE s.schema_name = j.schema_name
                        AND s.template_name = j.template_name AND s.slice_date = g.day::date
                        AND s.loaded_at >= (g.day + interval '1 day') AT TIME ZONE 'UTC'))
                END AS complete_until
        FROM judged j WHERE j.easy
        UNION ALL
        SELECT j.schema_name, j.template_name, j.last_loaded_at, j.disabled_at, d.first IS NOT NULL,
            d.missing, d.failed, d.stale, d.outdated, CASE WHEN coalesce(d.gap, j.today) > d.first
                THEN coalesce(d.gap, j.today) - 1 END
        FROM judged j CROSS JOIN LATERAL (
            SELECT least((j.feed).first_day, min(s.day) FILTER (WHERE s.present)) AS first,
                min(s.day) FILTER (WHERE s.missing OR s.stale) AS gap,
                count(*) FILTER (WHERE s.missing) AS missing, count(*) FILTER (WHERE s.failed) AS failed,
                count(*) FILTER (WHERE s.stale) AS stale, count(*) FILTER (WHERE s.outdated) AS outdated
            FROM _wh_internal.day_states(j.feed) s) d
        WHERE NOT j.easy
    )
    SELECT d.schema_name, d.template_name, d.complete_until, d.last_loaded_at, d.missing, d.failed,
        coalesce(nullif(concat_ws(', ', CASE WHEN d.disabled_at IS NOT NULL THEN 'disabled' END,
            CASE WHEN NOT d.begun THEN 'never loaded' ELSE nullif(concat_ws(', ',
                to_char(nullif(d.missing, 0), 'FM999,999') || ' missing',
                to_char(nullif(d.failed, 0), 'FM999,999') || ' failed',
                to_char(nullif(d.stale, 0), 'FM999,999') || ' stale',
                to_char(nullif(d.outdated, 0), 'FM999,999') || ' outdated'), '') END), ''), 'ok')
    FROM decided d ORDER BY 1, 2
$$;

CREATE OR REPLACE VIEW public.tenantry_freshness AS
SELECT f.tenant, f.template, f.complete_until, f.last_loaded_at, f.missing_days, f.failed_days, f.status
FROM _wh_internal.freshness(current_user) f;
COMMENT ON VIEW public.tenantry_freshness IS
    'Tenantry: the UTC day up to which the data of each tenant are complete';
