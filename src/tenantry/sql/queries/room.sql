-- name: server
-- The lock table, how many reports readers of everything may run at once, who alone can change the server's
-- settings, and a storage that keeps many days in one relation.
WITH limits AS (
    SELECT current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0) AS server,
        (SELECT nullif(d.datconnlimit, -1) FROM pg_database d
            WHERE d.datname = current_database()) AS database,
        -- One reader without a limit may use all connections.
        (SELECT CASE WHEN min(r.rolconnlimit) >= 0 THEN sum(r.rolconnlimit) END FROM pg_roles r
            WHERE r.rolname = 'phood_ro' OR r.rolname IN (SELECT w.reader_name FROM _wh.readers w
                WHERE w.tenants IS NULL)) AS readers
)
SELECT current_setting('max_locks_per_transaction')::integer,
    current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer,
    greatest(least(l.server, l.database, l.readers), 1)::integer,
    (SELECT min(p.says) FROM pg_roles r JOIN (VALUES
        ('rds_superuser', 'the parameter group of the RDS instance'),
        ('cloudsqlsuperuser', 'the database flags of the Cloud SQL instance'),
        ('azure_pg_admin', 'the server parameters of the Azure server')) p (role, says)
        ON p.role = r.rolname),
    ARRAY(SELECT s.storage FROM _wh.storages s WHERE s.daily),
    (SELECT min(s.storage) FROM _wh.storages s WHERE NOT s.daily)
FROM limits l

-- name: readings
-- What reports over some templates lock: the view and what unites the tenants, each tenant's view or table, and
-- each relation of rows with its indexes.
WITH parts AS MATERIALIZED (
    SELECT f.template_name, f.schema_name, f.first_day, s.daily,
        (SELECT 1 + count(*) + coalesce(sum(i.indexes), 0) FROM _wh_internal.storage_relations(f) p
            CROSS JOIN LATERAL (SELECT count(*) AS indexes FROM pg_index i WHERE i.indrelid = p.relid) i) AS relations
    FROM _wh.feeds f JOIN _wh.storages s USING (storage)
    WHERE f.template_name = ANY (%(templates)s) AND f.schema_name IS DISTINCT FROM %(without)s
)
SELECT t.template_name, 2 + coalesce(sum(p.relations), 0)::bigint, coalesce(bool_or(p.daily), false),
    (SELECT count(*) FROM _wh.template_indexes x
        WHERE x.template_name = t.template_name AND x.position IS NOT NULL),
    t.partition_by, t.time_column IS NOT NULL, min(p.first_day)
FROM _wh.mv_templates t LEFT JOIN parts p USING (template_name)
WHERE t.template_name = ANY (%(templates)s)
GROUP BY t.template_name, t.partition_by, t.time_column ORDER BY t.template_name
