CREATE OR REPLACE FUNCTION _wh_internal.adopted_connection(schema_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Which connection loads a schema by hand: the one whose address its days' definitions hold, or the one that
    -- jobs name with it; NULL if that is none, or not only one.
    WITH by_address AS (
        SELECT DISTINCT c.tenant_name FROM _wh_adopt.objects o
        JOIN _wh.tenant_connections c ON c.host = o.host AND c.port = o.port::integer AND c.dbname = o.dbname
            AND c.username = o.username
        WHERE o.schema_name = adopted_connection.schema_name AND o.kind = 'day'
    ), by_job AS (
        SELECT DISTINCT c.tenant_name FROM _wh_adopt.jobs j
        CROSS JOIN LATERAL regexp_matches(j.command, '''((?:[^'']|'''')*)''\s*,\s*''((?:[^'']|'''')*)''', 'g') AS m (pair)
        JOIN _wh.tenant_connections c ON c.tenant_name = replace(m.pair[1], '''''', '''')
        WHERE replace(m.pair[2], '''''', '''') = adopted_connection.schema_name
    ), both_agree AS (
        SELECT a.tenant_name FROM by_address a JOIN by_job j USING (tenant_name)
    )
    SELECT CASE WHEN (SELECT count(*) FROM both_agree) = 1 THEN (SELECT b.tenant_name FROM both_agree b)
        WHEN (SELECT count(*) FROM by_address) = 1 THEN (SELECT a.tenant_name FROM by_address a)
        WHEN (SELECT count(*) FROM by_address) = 0 AND (SELECT count(*) FROM by_job) = 1
            THEN (SELECT j.tenant_name FROM by_job j) END
$$;
