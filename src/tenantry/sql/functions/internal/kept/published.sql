CREATE OR REPLACE FUNCTION _wh_internal.published(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a publication publishes updates or deletes of a table: one of all tables, of its schema, of
    -- the table, or of one that it is a partition of.
    WITH lineage AS (
        SELECT c.oid, c.relnamespace
        FROM unnest(ARRAY[relation]
            || ARRAY(SELECT a.relid FROM pg_partition_ancestors(relation) a)) AS l (oid)
        JOIN pg_class c ON c.oid = l.oid
    )
    SELECT EXISTS (SELECT FROM pg_publication p WHERE (p.pubupdate OR p.pubdelete) AND (p.puballtables
        OR EXISTS (SELECT FROM pg_publication_namespace n JOIN lineage l ON l.relnamespace = n.pnnspid
        WHERE n.pnpubid = p.oid)
        OR EXISTS (SELECT FROM pg_publication_rel r JOIN lineage l ON l.oid = r.prrelid
            WHERE r.prpubid = p.oid)))
$$;
