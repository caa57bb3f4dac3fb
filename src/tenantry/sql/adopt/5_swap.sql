-- Copies without a secret take the places of the days they were made from, some at a time, and what reads those days
-- reads them. Run as the administrator, not in a transaction block. A report waits at most for the time that one step takes;
-- replaced.sql does what no report need wait for.
DO $$
DECLARE
    batch jsonb;
    readers jsonb;
    item record;
    begun timestamptz;
    locked timestamptz;
    patience integer := 40;
    tries integer := 0;
    statement text;
    blockers text;
BEGIN
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        SELECT jsonb_agg(jsonb_build_object('old', p.relid, 'fresh', p.fresh, 'filenode', p.filenode) ORDER BY p.relname) INTO batch
        FROM (SELECT p.*, o.relname, o.relnamespace, min(o.relnamespace) OVER () AS first FROM _wh_adopt.copies p
            JOIN pg_class o ON o.oid = p.relid AND pg_relation_filenode(o.oid) = p.filenode
            JOIN pg_class f ON f.oid = p.fresh
            -- whadmin fills that table: it may not name what belongs to others.
            WHERE NOT p.replaced AND o.relowner = 'whadmin'::regrole AND f.relowner = 'whadmin'::regrole
                AND o.relnamespace = f.relnamespace
            ORDER BY o.relnamespace, o.relname LIMIT 50) p
        WHERE p.relnamespace = p.first;
        EXIT WHEN batch IS NULL;
        SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO blockers
        FROM jsonb_array_elements(batch) b
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = (b ->> 'old')::oid AND d.deptype = 'n'
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_class v ON v.oid = r.ev_class
        WHERE (v.relkind IS DISTINCT FROM 'v' OR r.rulename <> '_RETURN') AND r.ev_class IS DISTINCT FROM d.refobjid;
        IF blockers IS NOT NULL THEN
            RAISE EXCEPTION 'days cannot be replaced while other objects need them: %', blockers
                USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop those, run this again, then create them again.';
        END IF;
        -- What reads them, as it is now.
        WITH direct AS MATERIALIZED (
            SELECT DISTINCT r.ev_class, r.xmin::text AS version
            FROM jsonb_array_elements(batch) b
            JOIN pg_depend d ON d.refobjid = (b ->> 'old')::oid AND d.refclassid = 'pg_class'::regclass
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN'
        )
        SELECT jsonb_agg(jsonb_build_object('relid', v.oid, 'owner', v.relowner::regrole, 'view', format('%I.%I', n.nspname, v.relname),
            'options', array_to_string(v.reloptions, ', '), 'definition', pg_get_viewdef(v.oid), 'version', d.version)) INTO readers
        FROM direct d JOIN pg_class v ON v.oid = d.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace;
        PERFORM _wh_adopt.act_as(w.owner) FROM (SELECT DISTINCT pg_get_userbyid(v.relowner) AS owner
            FROM jsonb_array_elements(readers) r JOIN pg_class v ON v.oid = (r ->> 'relid')::oid) w;
        -- Rights now, because readers may name a day itself.
        FOR statement IN
            SELECT format('GRANT %s ON %s TO %s', string_agg(x.privilege_type, ', '), (b ->> 'fresh')::oid::regclass,
                CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
            FROM jsonb_array_elements(batch) b JOIN pg_class c ON c.oid = (b ->> 'old')::oid, aclexplode(c.relacl) x
            WHERE x.grantee <> c.relowner GROUP BY b, x.grantee
        LOOP
            EXECUTE statement;
        END LOOP;
        COMMIT;
        LOOP
            PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
            begun := clock_timestamp();
            BEGIN
                -- To give a view the owner that it has changes nothing, but locks it, as in 4_owners.sql.
                FOR item IN SELECT r ->> 'view' AS view, r ->> 'owner' AS owner FROM jsonb_array_elements(readers) r ORDER BY 1 LOOP
                    PERFORM set_config('lock_timeout',
                        greatest(1, patience - extract(epoch FROM clock_timestamp() - begun) * 1000)::integer::text, true);
                    EXECUTE format('ALTER VIEW %s OWNER TO %s', item.view, item.owner);
                END LOOP;
                locked := clock_timestamp();
                PERFORM set_config('lock_timeout', '10', true);
                FOR item IN
                    SELECT o.oid AS old, o.relname, n.nspname, f.relname AS fresh_name, (b ->> 'filenode')::oid AS filenode
                    FROM jsonb_array_elements(batch) b JOIN pg_class o ON o.oid = (b ->> 'old')::oid
                    JOIN pg_class f ON f.oid = (b ->> 'fresh')::oid JOIN pg_namespace n ON n.oid = o.relnamespace
                LOOP
                    EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.relname, 'tenantry_old_' || item.old);
                    IF pg_relation_filenode(item.old) <> item.filenode THEN
                        RAISE EXCEPTION 'refreshed meanwhile' USING ERRCODE = 'object_in_use';
                    END IF;
                    EXECUTE format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', item.nspname, item.fresh_name, item.relname);
                    UPDATE _wh_adopt.copies p SET replaced = true WHERE p.relid = item.old;
                END LOOP;
                IF EXISTS (SELECT FROM jsonb_array_elements(readers) x JOIN pg_rewrite r ON r.ev_class = (x ->> 'relid')::oid
                        AND r.rulename = '_RETURN'
                    WHERE r.xmin::text <> x ->> 'version') THEN
                    RAISE EXCEPTION 'a view was written meanwhile' USING ERRCODE = 'object_in_use';
                END IF;
                FOR item IN SELECT r.value ->> 'view' AS view, r.value ->> 'options' AS options,
                    r.value ->> 'definition' AS definition FROM jsonb_array_elements(readers) r
                LOOP
                    EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', item.view, ' WITH (' || item.options || ')', item.definition);
                END LOOP;
                tries := 0;
                -- A report waits for the locks, and for what is done under them: 150 ms for both.
                patience := greatest(20, 150 - extract(epoch FROM clock_timestamp() - locked) * 1000);
            EXCEPTION
                WHEN lock_not_available THEN
                    tries := tries + 1;
                -- Look again at what there is.
                WHEN object_in_use OR undefined_table THEN
                    tries := tries + 1;
                    EXIT;
            END;
            EXIT WHEN tries = 0;
            IF tries >= 6000 THEN
                RAISE EXCEPTION 'reports kept views in use' USING ERRCODE = 'lock_not_available',
                    HINT = 'Try again when the long reports have ended.';
            END IF;
            COMMIT;
            PERFORM pg_catalog.pg_sleep(0.02);
        END LOOP;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
END
$$;
