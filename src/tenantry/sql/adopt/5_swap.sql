-- Copies without a secret take the places of the days they were made from, some at a time, and what reads those days
-- reads them. Run as the administrator, not in a transaction block. Reports wait at most for the time that one step takes.
DO $$
DECLARE
    todo jsonb;
    batch jsonb;
    readers jsonb;
    item record;
    tries integer := 0;
    statement text;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('lock_timeout', '50ms', true);
        SELECT jsonb_agg(jsonb_build_object('old', c.oid, 'fresh', p.fresh) ORDER BY c.relname) INTO batch
        FROM (SELECT p.*, o.relnamespace FROM _wh_adopt.copies p
            JOIN pg_class o ON o.oid = p.relid AND pg_relation_filenode(o.oid) = p.filenode
            JOIN pg_class f ON f.oid = p.fresh
            -- whadmin fills that table: it may not name what belongs to others.
            WHERE o.relowner = 'whadmin'::regrole AND f.relowner = 'whadmin'::regrole AND o.relnamespace = f.relnamespace
            ORDER BY o.relnamespace, o.relname LIMIT 25) p
        JOIN pg_class c ON c.oid = p.relid
        WHERE p.relnamespace = (SELECT o.relnamespace FROM _wh_adopt.copies x JOIN pg_class o ON o.oid = x.relid
            ORDER BY o.relnamespace LIMIT 1);
        EXIT WHEN batch IS NULL;
        BEGIN
            -- What reads them, as it is now.
            SELECT jsonb_agg(DISTINCT jsonb_build_object('view', format('%I.%I', n.nspname, v.relname), 'options',
                array_to_string(v.reloptions, ', '), 'definition', pg_get_viewdef(v.oid))) INTO readers
            FROM jsonb_array_elements(batch) b
            JOIN pg_depend d ON d.refobjid = (b ->> 'old')::oid AND d.refclassid = 'pg_class'::regclass
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid
            JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace;
            FOR item IN SELECT r ->> 'view' AS view FROM jsonb_array_elements(readers) r ORDER BY 1 LOOP
                EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', item.view);
            END LOOP;
            FOR item IN
                SELECT o.oid AS old, o.relname, n.nspname, f.oid AS fresh, f.relname AS fresh_name, o.relacl, o.relowner,
                    p.filenode
                FROM jsonb_array_elements(batch) b JOIN pg_class o ON o.oid = (b ->> 'old')::oid
                JOIN pg_class f ON f.oid = (b ->> 'fresh')::oid JOIN pg_namespace n ON n.oid = o.relnamespace
                JOIN _wh_adopt.copies p ON p.relid = o.oid
            LOOP
                EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.relname,
                    'tenantry_old_' || item.old);
                IF pg_relation_filenode(item.old) <> item.filenode THEN
                    RAISE EXCEPTION 'refreshed meanwhile' USING ERRCODE = 'lock_not_available';
                END IF;
                EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.fresh_name, item.relname);
                FOR statement IN
                    SELECT format('ALTER INDEX %s RENAME TO %I', i.indexrelid::regclass, 'tenantry_gone_' || i.indexrelid)
                    FROM pg_index i WHERE i.indrelid = item.old
                    UNION ALL
                    SELECT format('ALTER INDEX %I.%I RENAME TO %I', item.nspname, left('tenantry_new_' || i.indexrelid, 63), c.relname)
                    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = item.old AND i.indisvalid
                    UNION ALL
                    SELECT format('GRANT %s ON %s TO %s', x.privilege_type, item.fresh::regclass,
                        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
                    FROM aclexplode(item.relacl) x WHERE x.grantee <> item.relowner
                LOOP
                    EXECUTE statement;
                END LOOP;
            END LOOP;
            FOR item IN SELECT r.value ->> 'view' AS view, r.value ->> 'options' AS options,
                r.value ->> 'definition' AS definition FROM jsonb_array_elements(readers) r
            LOOP
                EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', item.view, ' WITH (' || item.options || ')', item.definition);
            END LOOP;
            FOR item IN SELECT (b ->> 'old')::oid AS old FROM jsonb_array_elements(batch) b LOOP
                EXECUTE format('DROP MATERIALIZED VIEW %s', item.old::regclass);
                DELETE FROM _wh_adopt.copies p WHERE p.relid = item.old;
            END LOOP;
            tries := 0;
        EXCEPTION WHEN lock_not_available THEN
            tries := tries + 1;
            IF tries >= 600 THEN
                RAISE;
            END IF;
        END;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(0.02);
    END LOOP;
END
$$;
