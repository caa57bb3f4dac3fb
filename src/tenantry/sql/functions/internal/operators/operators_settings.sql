CREATE OR REPLACE FUNCTION _wh_internal.operators_settings(relations oid[])
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What operators have set on whole relations; see operators_things.
    WITH of_relations AS (
        SELECT c.*, i.tail AS identity FROM pg_class c
        LEFT JOIN LATERAL (SELECT _wh_internal.index_shape(x.indexrelid) AS tail FROM pg_index x
            WHERE x.indrelid = c.oid AND x.indisreplident) i ON true
        WHERE c.oid = ANY (relations)
    ), words (kinds, word) AS (
        VALUES ('v', 'VIEW'), ('m', 'MATERIALIZED VIEW'), ('rp', 'TABLE')
    ), options AS (
        SELECT c.oid, c.relkind, '' AS prefix, o.option_name, o.option_value
        FROM of_relations c, pg_options_to_table(c.reloptions) o
        UNION ALL
        SELECT c.oid, c.relkind, 'toast.', o.option_name, o.option_value
        FROM of_relations c JOIN pg_class t ON t.oid = c.reltoastrelid, pg_options_to_table(t.reloptions) o
    )
    SELECT c.oid, 'comment', w.kinds, NULL::text, format('COMMENT ON %s ', w.word),
        format(' IS %L', d.description)
    FROM of_relations c JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
        AND d.objsubid = 0, words w
    WHERE d.description !~ '^Tenantry[: ]'
        AND d.description IS DISTINCT FROM _wh_internal.own_comment(c.oid, '')
    UNION ALL
    SELECT c.oid, 'security label', w.kinds, NULL,
        format('SECURITY LABEL FOR %I ON %s ', l.provider, w.word), format(' IS %L', l.label)
    FROM of_relations c JOIN pg_seclabel l ON l.classoid = 'pg_class'::regclass AND l.objoid = c.oid
        AND l.objsubid = 0, words w
    UNION ALL
    SELECT o.oid, format('option %s%s', o.prefix, o.option_name), CASE o.relkind WHEN 'v' THEN 'v'
        ELSE 'rm' END, NULL,
        CASE o.relkind WHEN 'v' THEN 'ALTER VIEW '
            ELSE 'ALTER TABLE ' END, format(' SET (%s%I = %L)', o.prefix, o.option_name, o.option_value)
    FROM options o
    UNION ALL
    SELECT c.oid, 'row security', 'rp', NULL, 'ALTER TABLE ', ' ENABLE ROW LEVEL SECURITY'
        FROM of_relations c WHERE c.relrowsecurity AND NOT _wh_internal.limits_rows(c.oid)
    UNION ALL
    SELECT c.oid, 'forced row security', 'rp', NULL, 'ALTER TABLE ', ' FORCE ROW LEVEL SECURITY'
        FROM of_relations c WHERE c.relforcerowsecurity
    UNION ALL
    -- By an index: the one with this shape on the other relation (put_back).
    SELECT c.oid, 'replica identity', 'rp', NULL, CASE c.relreplident WHEN 'i' THEN NULL
        ELSE 'ALTER TABLE ' END,
        CASE c.relreplident WHEN 'i' THEN c.identity WHEN 'f' THEN ' REPLICA IDENTITY FULL'
            ELSE ' REPLICA IDENTITY NOTHING' END
    FROM of_relations c WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'd'
        AND (c.relreplident <> 'i' OR c.identity IS NOT NULL)
    UNION ALL
    SELECT i.indrelid, 'cluster mark', 'rm', NULL, NULL, _wh_internal.index_shape(i.indexrelid)
    FROM pg_index i WHERE i.indrelid = ANY (relations) AND i.indisclustered
    UNION ALL
    SELECT c.oid, format('tablespace %I', t.spcname), 'rpm', NULL, 'ALTER TABLE ',
        format(' SET TABLESPACE %I', t.spcname)
    FROM of_relations c JOIN pg_tablespace t ON t.oid = c.reltablespace
    UNION ALL
    -- Only its owner may change a publication.
    SELECT p.prrelid, format('membership in publication %I', o.pubname), '', NULL, NULL, NULL
    FROM pg_publication_rel p JOIN pg_publication o ON o.oid = p.prpubid WHERE p.prrelid = ANY (relations)
    UNION ALL
    SELECT s.srrelid, 'membership in a subscription', '', NULL, NULL, NULL FROM pg_subscription_rel s
        WHERE s.srrelid = ANY (relations)
    UNION ALL
    SELECT c.oid, 'owner', 'rpvm', NULL, 'ALTER TABLE ', format(' OWNER TO %I', pg_get_userbyid(c.relowner))
    FROM of_relations c WHERE c.relowner <> 'whadmin'::regrole
$$;
