-- What a warehouse by hand holds, from the catalog alone: no source is asked, and nothing of the warehouse's is run.
-- Names of relations follow the manual: TEMPLATE_YYYY_MM_DD for a day, TEMPLATE_YYYY for a year, TEMPLATE for a view.
-- The text of a definition is read for its address, never for its password.
CREATE TEMPORARY TABLE tenantry_found ON COMMIT PRESERVE ROWS AS
WITH relations AS (
    SELECT c.oid AS relid, n.nspname AS schema_name, c.relname, c.relkind, r.rolname AS owner,
        t.template_name::text, pg_catalog.right(c.relname, -pg_catalog.length(t.template_name)) AS rest
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
    LEFT JOIN LATERAL (
        -- The longest name wins: a template "sales" has no say about the days of "sales_2024".
        SELECT m.template_name FROM _wh.mv_templates m
        WHERE c.relname = m.template_name OR pg_catalog.starts_with(c.relname, m.template_name || '_')
        ORDER BY pg_catalog.length(m.template_name) DESC LIMIT 1
    ) t ON true
    WHERE c.relkind IN ('m', 'r', 'p', 'v', 'f') AND n.nspname NOT IN ('_wh', 'cron', 'information_schema')
        AND n.nspname !~ '^pg_'
), dated AS (
    SELECT r.*, p.parts[1]::integer AS y, p.parts[2]::integer AS m, p.parts[3]::integer AS d
    FROM relations r
    LEFT JOIN LATERAL (SELECT pg_catalog.regexp_match(r.rest, E'^_(\\d{4})(?:_(\\d{2})_(\\d{2}))?$') AS parts) p
        ON r.template_name IS NOT NULL
), days AS (
    SELECT x.*, CASE WHEN x.y >= 1 AND x.m BETWEEN 1 AND 12 AND x.d BETWEEN 1 AND pg_catalog.date_part('day',
            pg_catalog.make_date(x.y, x.m, 1) + interval '1 month' - interval '1 day')
        THEN pg_catalog.make_date(x.y, x.m, x.d) END AS slice_date
    FROM dated x
), kinds AS (
    SELECT d.*, CASE
        WHEN d.relkind = 'm' AND d.slice_date IS NOT NULL AND d.schema_name <> 'public' THEN 'day'
        WHEN d.relkind = 'r' AND d.y IS NOT NULL AND d.m IS NULL AND d.schema_name <> 'public' THEN 'year'
        WHEN d.relkind = 'v' AND d.rest = '' AND d.schema_name = 'public' THEN 'public view'
        WHEN d.relkind = 'v' AND d.rest = '' THEN 'tenant view'
        END AS kind
    FROM days d
), tenants AS (
    SELECT DISTINCT k.schema_name FROM kinds k WHERE k.kind IN ('day', 'year')
)
SELECT k.relid, k.schema_name, k.relname, k.relkind, k.owner, k.template_name, k.slice_date, k.y AS year,
    -- A view of a template's name in a schema that holds no days is somebody's own.
    CASE WHEN k.kind <> 'tenant view' OR k.schema_name IN (SELECT t.schema_name FROM tenants t) THEN k.kind END AS kind,
    k.schema_name IN (SELECT t.schema_name FROM tenants t) AS in_tenant,
    k.relkind = 'm' AND pg_catalog.pg_get_viewdef(k.relid) ~*
        (E'^(?:[^''"]|''(?:[^'']|'''')*''|"(?:[^"]|"")*")*?\\mdblink\\(E?''(?:[^'']|'''')*'
        || E'(?:\\mpassword\\s*=|://[^''/@]*:[^''/@]*@)') AS secret,
    a.host, coalesce(a.port, '5432') AS port, a.dbname, a."user" AS username
FROM kinds k
LEFT JOIN LATERAL (
    SELECT pg_catalog.replace(CASE p.parts[1] WHEN 'E' THEN pg_catalog.replace(p.parts[2], E'\\\\', E'\\') ELSE p.parts[2] END,
        '''''', '''') AS conninfo
    FROM pg_catalog.regexp_match(pg_catalog.pg_get_viewdef(k.relid),
        E'^(?:[^''"]|''(?:[^'']|'''')*''|"(?:[^"]|"")*")*?\\mdblink\\((E?)''((?:[^'']|'''')*)''::text') p (parts)
) s ON k.relkind = 'm'
LEFT JOIN LATERAL (
    -- libpq's keywords and values, as libpq reads them; the text of a password may hold such words, too.
    SELECT max(v.value) FILTER (WHERE v.word = 'host') AS host, max(v.value) FILTER (WHERE v.word = 'port') AS port,
        max(v.value) FILTER (WHERE v.word = 'dbname') AS dbname, max(v.value) FILTER (WHERE v.word = 'user') AS "user"
    FROM pg_catalog.regexp_matches(s.conninfo, E'(\\w+)\\s*=\\s*(?:''((?:[^''\\\\]|\\\\.)*)''|((?:[^''\\s\\\\]|\\\\.)\\S*)?)', 'g') m (parts)
    CROSS JOIN LATERAL (SELECT m.parts[1] AS word,
        pg_catalog.regexp_replace(coalesce(m.parts[2], m.parts[3]), E'\\\\(.)', E'\\1', 'g') AS value) v
) a ON true;

-- A matview in a tenant's schema that is nobody's day, but holds a secret: it is made again, too.
UPDATE tenantry_found f SET kind = 'odd' WHERE f.kind IS NULL AND f.in_tenant AND f.secret;

CREATE TEMPORARY TABLE tenantry_jobs (
    jobid bigint, jobname text, schedule text, command text, username text, active boolean
) ON COMMIT PRESERVE ROWS;
DO $$
DECLARE
    former name := current_user;
    runner name;
    found jsonb;
BEGIN
    IF pg_catalog.to_regclass('cron.job') IS NULL THEN
        RETURN;
    END IF;
    -- pg_cron shows a role that is no superuser its own jobs alone.
    FOR runner IN SELECT former UNION SELECT 'whadmin' FROM pg_catalog.pg_roles r WHERE r.rolname = former AND NOT r.rolsuper LOOP
        EXECUTE pg_catalog.format('SET LOCAL ROLE %I', runner);
        SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(j)) INTO found FROM cron.job j
        WHERE j.database = pg_catalog.current_database() AND j.command ~ E'\\m_wh\\M';
        EXECUTE pg_catalog.format('SET LOCAL ROLE %I', former);
        INSERT INTO pg_temp.tenantry_jobs SELECT j.jobid, j.jobname, j.schedule, j.command, j.username, j.active
        FROM pg_catalog.jsonb_to_recordset(found) j (jobid bigint, jobname text, schedule text, command text, username text, active boolean)
        WHERE j.jobid NOT IN (SELECT t.jobid FROM pg_temp.tenantry_jobs t);
    END LOOP;
END
$$;

-- Which connection loads a schema: the one whose address its days' definitions hold, or, of several with that address, the
-- one that a job names beside the schema. NULL: it cannot be told.
CREATE TEMPORARY TABLE tenantry_tenants ON COMMIT PRESERVE ROWS AS
WITH by_address AS (
    SELECT DISTINCT f.schema_name, c.tenant_name::text
    FROM pg_temp.tenantry_found f JOIN _wh.tenant_connections c ON f.host IN (c.host, pg_catalog.btrim(c.host, ''''))
        AND c.port::text = f.port AND f.dbname IN (c.dbname, pg_catalog.btrim(c.dbname, ''''))
        AND f.username IN (c.username, pg_catalog.btrim(c.username, ''''))
    WHERE f.kind = 'day'
), by_job AS (
    SELECT DISTINCT s.schema_name, c.tenant_name::text
    FROM pg_temp.tenantry_jobs j
    CROSS JOIN LATERAL pg_catalog.regexp_matches(j.command, E'''((?:[^'']|'''')*)''\\s*,\\s*''((?:[^'']|'''')*)''', 'g') m (pair)
    JOIN _wh.tenant_connections c ON c.tenant_name = pg_catalog.replace(m.pair[1], '''''', '''')
    JOIN (SELECT DISTINCT f.schema_name FROM pg_temp.tenantry_found f) s
        ON s.schema_name = pg_catalog.replace(m.pair[2], '''''', '''')
), chosen AS (
    SELECT t.schema_name, a.names AS addressed, j.names AS scheduled,
        ARRAY(SELECT u FROM pg_catalog.unnest(a.names) u WHERE u = ANY (j.names)) AS both
    FROM (SELECT DISTINCT f.schema_name FROM pg_temp.tenantry_found f WHERE f.kind IN ('day', 'year')) t
    LEFT JOIN (SELECT schema_name, pg_catalog.array_agg(tenant_name) AS names FROM by_address GROUP BY 1) a USING (schema_name)
    LEFT JOIN (SELECT schema_name, pg_catalog.array_agg(tenant_name) AS names FROM by_job GROUP BY 1) j USING (schema_name)
)
SELECT c.schema_name,
    CASE WHEN pg_catalog.cardinality(c.both) = 1 THEN c.both[1]
        WHEN pg_catalog.cardinality(c.addressed) = 1 THEN c.addressed[1]
        WHEN c.addressed IS NULL AND pg_catalog.cardinality(c.scheduled) = 1 THEN c.scheduled[1] END AS connection,
    c.addressed, c.scheduled
FROM chosen c;
