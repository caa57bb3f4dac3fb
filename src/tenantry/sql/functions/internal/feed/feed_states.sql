CREATE OR REPLACE FUNCTION _wh_internal.feed_states()
RETURNS TABLE (schema_name text, template_name text, first_day date, last_day date, days bigint,
    years integer[], "rows" bigint, missing bigint, failed bigint, stale bigint, outdated bigint,
    last_load timestamptz, bytes bigint, doubtful boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' AS $$
-- How many days of each feed are in each state, as day_states tells them, for all feeds in one pass over
-- the records: a call of day_states takes milliseconds, and there may be thousands of feeds. Where
-- records alone do not prove what is stored, the feed is doubtful, and day_states is asked. `rows` are
-- those of present days; `bytes` those of the relations of the feed's storage. Where `doubtful` is false,
-- the present days are those with a record of a load.
#variable_conflict use_column
DECLARE
    today CONSTANT date := _wh.current_date_utc();
BEGIN
    RETURN QUERY WITH held AS MATERIALIZED (
        SELECT f.schema_name, f.template_name, r.relid, c.relfilenode AS filenode, r.first_day, r.last_day,
            r.daily,
            r.trusted, r.folded, c.relispopulated AND NOT r.leftover AS present, s.shared
        FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        CROSS JOIN LATERAL _wh_internal.storage_relations(f) r
        JOIN pg_class c ON c.oid = r.relid
    ), feeds AS MATERIALIZED (
        SELECT f.schema_name, f.template_name, f.first_day,
            _wh_internal.definition_hash(_wh_internal.for_tenant(t, f.schema_name)) AS hash
        FROM _wh.feeds f LEFT JOIN _wh.mv_templates t USING (template_name)
    ), grouped AS MATERIALIZED (
        -- A table's records differ in little else than their day: a few groups a table are left to be judged.
        SELECT s.schema_name, s.template_name, s.filenode, s.definition_hash,
            s.loaded_at IS NOT NULL AS loaded,
            count(*) AS records, min(s.slice_date) AS first_day, max(s.slice_date) AS last_day,
            count(*) FILTER (WHERE s.slice_date < today) AS ended,
            count(*) FILTER (WHERE s.status = 'failed') AS failed,
            count(*) FILTER (WHERE s.slice_date < today
                AND s.loaded_at AT TIME ZONE 'UTC' < s.slice_date + 1) AS early,
            sum(s.row_count) AS stored, max(s.loaded_at) AS last_load
        FROM _wh.slices s
        GROUP BY s.schema_name, s.template_name, s.filenode, s.definition_hash, s.loaded_at IS NOT NULL
    ), recorded AS (
        SELECT g.schema_name, g.template_name, min(g.first_day) AS earliest,
            min(g.first_day) FILTER (WHERE j.present) AS first_day,
            max(g.last_day) FILTER (WHERE j.present) AS last_day,
            coalesce(sum(g.records) FILTER (WHERE j.present), 0)::bigint AS days,
            coalesce(sum(g.ended) FILTER (WHERE j.present), 0)::bigint AS ended,
            sum(g.failed)::bigint AS failed,
            coalesce(sum(g.early) FILTER (WHERE j.present), 0)::bigint AS stale,
            coalesce(sum(g.records) FILTER (WHERE j.present AND g.definition_hash <> f.hash),
                0)::bigint AS outdated,
            coalesce(sum(g.stored) FILTER (WHERE j.present), 0)::bigint AS stored,
                max(g.last_load) AS last_load,
            bool_or(g.loaded AND NOT j.present OR j.present AND g.first_day < f.first_day) AS doubtful
        FROM grouped g JOIN feeds f USING (schema_name, template_name)
        LEFT JOIN held t ON t.schema_name = g.schema_name AND t.template_name = g.template_name
            AND t.filenode = g.filenode AND t.present AND g.loaded
            AND g.first_day >= t.first_day AND g.last_day <= t.last_day
        CROSS JOIN LATERAL (SELECT t.relid IS NOT NULL AS present) j
        GROUP BY g.schema_name, g.template_name
    ), tables AS (
        SELECT h.schema_name, h.template_name,
            array_agg(DISTINCT extract(year FROM h.first_day)::integer) FILTER (WHERE h.folded) AS years,
            sum(pg_total_relation_size(h.relid)) FILTER (WHERE NOT h.shared)::bigint AS bytes,
            -- A day without a record, or a table that is trusted without one: rare, and day_states knows.
            bool_or(h.present AND (h.trusted AND h.last_day - h.first_day + 1 <> (SELECT count(*)
                FROM _wh.slices s WHERE s.schema_name = h.schema_name AND s.template_name = h.template_name
                AND s.slice_date BETWEEN h.first_day AND h.last_day AND s.filenode = h.filenode
                AND s.loaded_at IS NOT NULL)
                OR h.daily AND NOT EXISTS (SELECT FROM grouped g WHERE g.schema_name = h.schema_name
                AND g.template_name = h.template_name AND g.filenode = h.filenode AND g.loaded
                AND g.first_day = h.first_day))) AS doubtful
        FROM held h GROUP BY h.schema_name, h.template_name
    ), sizes AS MATERIALIZED (
        SELECT h.schema_name, h.template_name, h.data + h.indexes AS bytes FROM _wh_internal.shared_sizes() h
    ), unsure AS MATERIALIZED (
        -- On its own, so that day_states is called for these alone.
        SELECT f.schema_name, f.template_name FROM feeds f
        LEFT JOIN recorded r USING (schema_name, template_name)
        LEFT JOIN tables t USING (schema_name, template_name)
        WHERE coalesce(r.doubtful, false) OR coalesce(t.doubtful, false)
    ), asked AS MATERIALIZED (
        SELECT f.schema_name, f.template_name,
            least(f.first_day, min(p.day) FILTER (WHERE p.present)) AS first_day,
            max(p.day) FILTER (WHERE p.present) AS last_day, count(*) FILTER (WHERE p.present) AS days,
            coalesce(array_agg(DISTINCT extract(year FROM p.day)::integer) FILTER (WHERE p.folded), '{}')
                AS years,
            count(*) FILTER (WHERE p.missing) AS missing, count(*) FILTER (WHERE p.failed) AS failed,
            count(*) FILTER (WHERE p.stale) AS stale, count(*) FILTER (WHERE p.outdated) AS outdated,
            coalesce(sum(x.row_count) FILTER (WHERE p.present), 0)::bigint AS stored
        FROM unsure u JOIN _wh.feeds f USING (schema_name, template_name)
        LEFT JOIN LATERAL _wh_internal.day_states(f) p ON true
        LEFT JOIN _wh.slices x ON x.schema_name = f.schema_name AND x.template_name = f.template_name
            AND x.slice_date = p.day
        GROUP BY f.schema_name, f.template_name, f.first_day
    )
    SELECT f.schema_name, f.template_name, least(f.first_day, r.first_day), r.last_day, coalesce(r.days, 0),
        coalesce(t.years, '{}'), coalesce(r.stored, 0),
        greatest(today - coalesce(f.first_day, r.earliest), 0) - coalesce(r.ended, 0), coalesce(r.failed, 0),
        coalesce(r.stale, 0), coalesce(r.outdated, 0), r.last_load,
        coalesce(t.bytes, 0) + coalesce(z.bytes, 0), false
    FROM feeds f
    LEFT JOIN recorded r USING (schema_name, template_name)
    LEFT JOIN tables t USING (schema_name, template_name)
    LEFT JOIN sizes z USING (schema_name, template_name)
    WHERE NOT coalesce(r.doubtful, false) AND NOT coalesce(t.doubtful, false)
    UNION ALL
    SELECT a.schema_name, a.template_name, a.first_day, a.last_day, a.days, a.years, a.stored, a.missing,
        a.failed, a.stale, a.outdated, r.last_load, coalesce(t.bytes, 0) + coalesce(z.bytes, 0), true
    FROM asked a
    LEFT JOIN recorded r USING (schema_name, template_name)
    LEFT JOIN tables t USING (schema_name, template_name)
    LEFT JOIN sizes z USING (schema_name, template_name);
END
$$;
