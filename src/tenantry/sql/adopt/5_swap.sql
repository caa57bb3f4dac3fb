-- Copies without a secret take the places of the days they were made from, some at a time, and what reads those days
-- reads them. Run as the administrator, not in a transaction block. A report waits at most for the time that one step takes,
-- so that all that can be done without a lock on views comes before or after it.
DO $$
DECLARE
    batch jsonb;
    readers jsonb;
    item record;
    tries integer := 0;
    statement text;
    blockers text;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('lock_timeout', '50ms', true);
        -- Those that were replaced go. Nothing reads them.
        FOR item IN
            SELECT p.relid, o.oid::regclass AS name FROM _wh_adopt.copies p LEFT JOIN pg_class o ON o.oid = p.relid
            WHERE o.oid IS NULL OR p.fresh = 0 AND o.relname = 'tenantry_old_' || o.oid AND o.relowner = 'whadmin'::regrole
        LOOP
            IF item.name IS NOT NULL THEN
                EXECUTE format('DROP MATERIALIZED VIEW %s', item.name);
            END IF;
            DELETE FROM _wh_adopt.copies p WHERE p.relid = item.relid;
        END LOOP;
        COMMIT;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('lock_timeout', '50ms', true);
        SELECT jsonb_agg(jsonb_build_object('old', p.relid, 'fresh', p.fresh, 'filenode', p.filenode) ORDER BY p.relname) INTO batch
        FROM (SELECT p.*, o.relname, o.relnamespace, min(o.relnamespace) OVER () AS first FROM _wh_adopt.copies p
            JOIN pg_class o ON o.oid = p.relid AND pg_relation_filenode(o.oid) = p.filenode
            JOIN pg_class f ON f.oid = p.fresh
            -- whadmin fills that table: it may not name what belongs to others.
            WHERE o.relowner = 'whadmin'::regrole AND f.relowner = 'whadmin'::regrole AND o.relnamespace = f.relnamespace
            ORDER BY o.relnamespace, o.relname LIMIT 50) p
        WHERE p.relnamespace = p.first;
        EXIT WHEN batch IS NULL;
        SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO blockers
        FROM jsonb_array_elements(batch) b
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = (b ->> 'old')::oid AND d.deptype = 'n'
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_class v ON v.oid = r.ev_class
        WHERE v.relkind IS DISTINCT FROM 'v';
        IF blockers IS NOT NULL THEN
            RAISE EXCEPTION 'days cannot be replaced while other objects need them: %', blockers
                USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop those, run this again, then create them again.';
        END IF;
        BEGIN
            -- What reads them, as it is now.
            SELECT jsonb_agg(to_jsonb(v)) INTO readers FROM (
                SELECT DISTINCT v.oid AS relid, v.relowner::regrole AS owner, format('%I.%I', n.nspname, v.relname) AS view,
                    array_to_string(v.reloptions, ', ') AS options, pg_get_viewdef(v.oid) AS definition, r.xmin::text AS version
                FROM jsonb_array_elements(batch) b
                JOIN pg_depend d ON d.refobjid = (b ->> 'old')::oid AND d.refclassid = 'pg_class'::regclass
                    AND d.classid = 'pg_rewrite'::regclass
                JOIN pg_rewrite r ON r.oid = d.objid
                JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace) v;
            -- Names of indexes and rights: no report waits for these.
            FOR statement IN
                WITH days AS (SELECT (b ->> 'old')::oid AS old, (b ->> 'fresh')::oid AS fresh FROM jsonb_array_elements(batch) b)
                SELECT s.statement FROM (
                    SELECT 1 AS n, format('ALTER INDEX %s RENAME TO %I', i.indexrelid::regclass, 'tenantry_gone_' || i.indexrelid) AS statement
                    FROM days x JOIN pg_index i ON i.indrelid = x.old
                    UNION ALL
                    SELECT 2, format('ALTER INDEX %I.%I RENAME TO %I', n.nspname, left('tenantry_new_' || i.indexrelid, 63), c.relname)
                    FROM days x JOIN pg_index i ON i.indrelid = x.old AND i.indisvalid JOIN pg_class c ON c.oid = i.indexrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    UNION ALL
                    SELECT 3, format('GRANT %s ON %s TO %s', string_agg(x.privilege_type, ', '), d.fresh::regclass,
                        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
                    FROM days d JOIN pg_class c ON c.oid = d.old, aclexplode(c.relacl) x WHERE x.grantee <> c.relowner
                    GROUP BY d.fresh, x.grantee) s
                ORDER BY s.n
            LOOP
                EXECUTE statement;
            END LOOP;
            -- To give a view the owner that it has changes nothing, but locks it, as in 4_owners.sql.
            FOR item IN SELECT r ->> 'view' AS view, r ->> 'owner' AS owner FROM jsonb_array_elements(readers) r ORDER BY 1 LOOP
                EXECUTE format('ALTER VIEW %s OWNER TO %s', item.view, item.owner);
            END LOOP;
            PERFORM set_config('lock_timeout', '20ms', true);
            FOR item IN
                SELECT o.oid AS old, o.relname, n.nspname, f.relname AS fresh_name, (b ->> 'filenode')::oid AS filenode
                FROM jsonb_array_elements(batch) b JOIN pg_class o ON o.oid = (b ->> 'old')::oid
                JOIN pg_class f ON f.oid = (b ->> 'fresh')::oid JOIN pg_namespace n ON n.oid = o.relnamespace
            LOOP
                EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.relname, 'tenantry_old_' || item.old);
                IF pg_relation_filenode(item.old) <> item.filenode THEN
                    RAISE EXCEPTION 'refreshed meanwhile' USING ERRCODE = 'lock_not_available';
                END IF;
                EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.fresh_name, item.relname);
                UPDATE _wh_adopt.copies p SET fresh = 0 WHERE p.relid = item.old;
            END LOOP;
            IF EXISTS (SELECT FROM jsonb_array_elements(readers) x JOIN pg_rewrite r ON r.ev_class = (x ->> 'relid')::oid
                WHERE r.xmin::text <> x ->> 'version') THEN
                RAISE EXCEPTION 'a view was written meanwhile' USING ERRCODE = 'lock_not_available';
            END IF;
            FOR item IN SELECT r.value ->> 'view' AS view, r.value ->> 'options' AS options,
                r.value ->> 'definition' AS definition FROM jsonb_array_elements(readers) r
            LOOP
                EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', item.view, ' WITH (' || item.options || ')', item.definition);
            END LOOP;
            tries := 0;
        EXCEPTION WHEN lock_not_available THEN
            tries := tries + 1;
            IF tries >= 1200 THEN
                RAISE;
            END IF;
        END;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(CASE tries WHEN 0 THEN 0.05 ELSE 0.1 END);
    END LOOP;
END
$$;
