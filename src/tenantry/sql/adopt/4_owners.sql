-- Tenants' objects become whadmin's, one at a time, so that a report waits for none of them. Not in a transaction block.
-- A report that reads the object now is waited for at most a tenth of a second at a time: later readers queue behind us.
DO $$
DECLARE
    thing record;
    tries integer;
BEGIN
    FOR thing IN
        SELECT 'SCHEMA' AS what, pg_catalog.format('%I', s.schema_name) AS name
        FROM _wh_adopt.schemas s JOIN pg_catalog.pg_namespace n ON n.oid = s.nspoid
        WHERE s.tenant AND n.nspowner <> 'whadmin'::regrole
        UNION ALL
        SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
            pg_catalog.format('%I.%I', o.schema_name, o.relname)
        FROM _wh_adopt.objects o JOIN pg_catalog.pg_class c ON c.oid = o.relid
        WHERE o.kind IS NOT NULL AND c.relowner <> 'whadmin'::regrole
    LOOP
        tries := 0;
        LOOP
            BEGIN
                PERFORM pg_catalog.set_config('lock_timeout', '100ms', true);
                EXECUTE pg_catalog.format('ALTER %s %s OWNER TO whadmin', thing.what, thing.name);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                tries := tries + 1;
                IF tries >= 600 THEN
                    RAISE;
                END IF;
            END;
            COMMIT;
            PERFORM pg_catalog.pg_sleep(0.1);
        END LOOP;
        COMMIT;
    END LOOP;
    INSERT INTO _wh_adopt.steps VALUES ('owners') ON CONFLICT DO NOTHING;
END
$$;
