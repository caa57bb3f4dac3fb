CREATE OR REPLACE FUNCTION _wh_internal.day_records(
    feed _wh.feeds, filenode oid, first_day date, last_day date, OUT records bigint, OUT loaded bigint,
    OUT doubtful bigint
)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- How many days of a relation have a record, how many of those are recorded as loaded, and how many of these
-- were recorded for another filling of the relation. A record that was cleared, and whose load has failed
-- since, still has the hash of its template.
SELECT count(*) FILTER (WHERE s.status = 'loaded' OR s.loaded_at IS NOT NULL
    OR s.definition_hash IS NOT NULL),
    count(*) FILTER (WHERE s.loaded_at IS NOT NULL),
    count(*) FILTER (WHERE s.loaded_at IS NOT NULL AND s.filenode IS DISTINCT FROM day_records.filenode)
FROM _wh.slices s
WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name
    AND s.slice_date BETWEEN first_day AND last_day;
$$;
