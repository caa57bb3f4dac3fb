CREATE OR REPLACE FUNCTION _wh_internal.make_room(things jsonb, relations oid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Free the names of what belongs to relations that are dropped at the end of this transaction, so that
-- put_back can use them on another one. Neither statement blocks reports that read these relations.
DECLARE
    statement text;
BEGIN
    IF NOT EXISTS (SELECT FROM jsonb_array_elements(things) t WHERE (t.value ->> 'named')::boolean) THEN
        RETURN;
    END IF;
    FOR statement IN
        SELECT format('DROP STATISTICS %I.%I', n.nspname, s.stxname) FROM pg_statistic_ext s
        JOIN pg_namespace n ON n.oid = s.stxnamespace
        WHERE s.stxrelid = ANY (relations)
        UNION ALL
        SELECT format('ALTER INDEX %s RENAME TO %I', i.indexrelid::regclass, 'tenantry_old_' || i.indexrelid)
            FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = ANY (relations) AND c.relname NOT LIKE E'tenantry\\_old\\_%'
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
