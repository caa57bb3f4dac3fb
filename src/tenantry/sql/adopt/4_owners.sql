-- Tenants' objects become whadmin's, some at a time. Not in a transaction block. Each step first locks the views that read
-- what it changes, in the order in which reports do, so that reports queue there and it need not wait for each object. While
-- a report is running, it gives up after 80 ms, and lets others pass; so long it tries again that it is there when one ends.
DO $$
DECLARE
    batch jsonb;
    thing record;
    begun timestamptz;
    tries integer := 0;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
            pg_catalog.set_config('lock_timeout', '80', true);
        -- A schema, so that whadmin may own relations in it, then its relations. NULL: all is done.
        SELECT jsonb_agg(to_jsonb(t) ORDER BY t.kind <> 'SCHEMA', t.kind, t.relid) INTO batch
        FROM (
            SELECT x.*, min(x.schema_name) OVER () AS first FROM (
                SELECT s.schema_name, s.nspoid AS relid, 'SCHEMA' AS kind, format('%I', s.schema_name) AS name
                FROM _wh_adopt.schemas s JOIN pg_namespace n ON n.oid = s.nspoid
                WHERE s.tenant AND n.nspowner <> 'whadmin'::regrole
                UNION ALL
                SELECT o.schema_name, o.relid, CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                    format('%I.%I', o.schema_name, o.relname)
                FROM _wh_adopt.objects o JOIN pg_class c ON c.oid = o.relid
                WHERE o.kind IS NOT NULL AND c.relowner <> 'whadmin'::regrole
            ) x
        ) t WHERE t.schema_name = t.first;
        EXIT WHEN batch IS NULL;
        BEGIN
            begun := clock_timestamp();
            -- To give a view the owner that it has changes nothing, but locks it. Unlike LOCK TABLE, that leaves alone
            -- what the view reads.
            FOR thing IN
                WITH RECURSIVE readers AS (
                    SELECT (b ->> 'relid')::oid AS relid, 0 AS depth FROM jsonb_array_elements(batch) b WHERE b ->> 'kind' <> 'SCHEMA'
                    UNION
                    SELECT r.ev_class, s.depth + 1 FROM readers s
                    JOIN pg_depend d ON d.refobjid = s.relid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
                    JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> s.relid
                )
                SELECT c.oid::regclass AS name, c.relowner::regrole AS owner FROM readers r
                JOIN _wh_adopt.objects o ON o.relid = r.relid AND o.kind IN ('public view', 'tenant view')
                JOIN pg_class c ON c.oid = r.relid AND c.relkind = 'v'
                GROUP BY c.oid ORDER BY max(r.depth) DESC, c.oid
            LOOP
                PERFORM set_config('lock_timeout', greatest(1, 80 - extract(epoch FROM clock_timestamp() - begun) * 1000)::integer::text,
                    true);
                EXECUTE format('ALTER VIEW %s OWNER TO %s', thing.name, thing.owner);
            END LOOP;
            begun := clock_timestamp();
            FOR thing IN SELECT b ->> 'kind' AS kind, b ->> 'name' AS name FROM jsonb_array_elements(batch) b LOOP
                EXIT WHEN clock_timestamp() > begun + interval '60 ms';
                BEGIN
                    PERFORM set_config('lock_timeout', '10', true);
                    EXECUTE format('ALTER %s %s OWNER TO whadmin', thing.kind, thing.name);
                    tries := -1;
                EXCEPTION WHEN lock_not_available THEN
                    -- A report reads this one without the views; the others need not wait for it.
                    NULL;
                END;
            END LOOP;
            tries := tries + 1;
        EXCEPTION WHEN lock_not_available THEN
            tries := tries + 1;
        END;
        IF tries >= 6000 THEN
            RAISE EXCEPTION 'reports kept relations of % in use', batch -> 0 ->> 'schema_name'
                USING ERRCODE = 'lock_not_available', HINT = 'Try again when the long reports have ended.';
        END IF;
        COMMIT;
        PERFORM pg_sleep(0.02);
    END LOOP;
    INSERT INTO _wh_adopt.steps VALUES ('owners') ON CONFLICT DO NOTHING;
END
$$;
