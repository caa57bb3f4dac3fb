CREATE OR REPLACE FUNCTION _wh_internal.index_difference(feed _wh.feeds, relation oid)
RETURNS TABLE (index_name text, is_unique boolean, statement text, former oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The template's indexes that a relation lacks, as statements, and those that the template created and
    -- no longer has (`former`). An index whose name is not the template's belongs to an operator and stays;
    -- if it has the same shape, it counts.
    WITH wanted AS MATERIALIZED (
        SELECT s.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL _wh_internal.index_statements(feed.template_name, feed.schema_name,
            c.relname::text, place => n.nspname::text) s
        WHERE c.oid = relation
    ), there AS MATERIALIZED (
        SELECT c.oid, c.relname::text AS name, i.indisunique, i.indisvalid,
            _wh_internal.index_fingerprint(i.indisunique, _wh_internal.index_definition(c.oid)) AS fingerprint
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = relation
    ), ever AS MATERIALIZED (
        SELECT _wh_internal.fit_name(_wh_internal.fill_in(i.index_name, feed.schema_name,
        c.relname::text)) AS name
        FROM pg_class c, _wh.template_indexes i
            WHERE c.oid = relation AND i.template_name = feed.template_name
    )
    SELECT w.index_name, w.statement LIKE 'CREATE UNIQUE %', w.statement, NULL::oid FROM wanted w
    WHERE NOT EXISTS (SELECT FROM there t WHERE t.fingerprint = w.fingerprint AND t.indisvalid)
    UNION ALL
    SELECT t.name, t.indisunique, format('DROP INDEX %s', t.oid::regclass), t.oid FROM there t
    WHERE t.name IN (SELECT e.name FROM ever e) AND t.fingerprint NOT IN (SELECT w.fingerprint FROM wanted w)
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = t.oid)
$$;
