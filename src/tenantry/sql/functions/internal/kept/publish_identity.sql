CREATE OR REPLACE FUNCTION _wh_internal.publish_identity(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- PostgreSQL refuses to update or delete rows of a table whose updates or deletes are published, unless the
-- table has a replica identity by which a subscriber identifies a row. Tenantry's tables have no primary
-- key: they get the narrowest unique index over columns that are never NULL, or the whole row. An identity
-- that somebody has set stays. Called once for each table, because it briefly blocks reports on it.
DECLARE
    key text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = relation AND c.relkind = 'r' AND c.relreplident = 'd'
        AND c.relpersistence = 'p')
        OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisprimary)
        OR NOT _wh_internal.published(relation)
    THEN
        RETURN;
    END IF;
    SELECT c.relname INTO key FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
        AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum = ANY (i.indkey)
            AND NOT a.attnotnull)
        -- The columns in a publication's row filter must be in the identity, too.
        AND NOT EXISTS (SELECT FROM pg_publication_rel p WHERE p.prqual IS NOT NULL
            AND (p.prrelid = relation
            OR p.prrelid IN (SELECT a.relid FROM pg_partition_ancestors(relation) a)))
    ORDER BY i.indnkeyatts, i.indexrelid LIMIT 1;
    PERFORM _wh_internal.execute_patiently(format('ALTER TABLE %s REPLICA IDENTITY %s', relation,
        coalesce('USING INDEX ' || quote_ident(key), 'FULL')));
END
$$;
