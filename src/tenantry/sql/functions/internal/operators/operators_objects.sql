CREATE OR REPLACE FUNCTION _wh_internal.operators_objects(relations oid[])
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Objects of the operators that belong to relations; see operators_things. Those that a partition
    -- inherits from its parent are inherited again.
    WITH triggers AS (
        SELECT t.tgrelid, t.oid, format('trigger %I', t.tgname) AS item, t.tgname, t.tgenabled,
        pg_get_triggerdef(t.oid) AS definition,
            format(' ON %s ', t.tgrelid::regclass) AS place,
            -- Bits of tgtype: 1 is FOR EACH ROW, 64 is INSTEAD OF.
            CASE WHEN t.tgtype & 64 <> 0 THEN 'v' WHEN t.tgtype & 1 <> 0 OR t.tgoldtable IS NOT NULL
                OR t.tgnewtable IS NOT NULL THEN 'rp' ELSE 'rpv' END AS kinds
        FROM pg_trigger t WHERE t.tgrelid = ANY (relations) AND NOT t.tgisinternal AND t.tgparentid = 0
    ), rules AS (
        SELECT w.ev_class, w.oid, format('rule %I', w.rulename) AS item, w.rulename, w.ev_enabled,
        pg_get_ruledef(w.oid) AS definition,
            format(' TO %s', w.ev_class::regclass) AS place, CASE c.relkind WHEN 'v' THEN 'v'
            ELSE 'rp' END AS kinds
        FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
            WHERE w.ev_class = ANY (relations) AND w.rulename <> '_RETURN'
    ), policies AS (
        SELECT p.polrelid, p.oid, format('policy %I', p.polname) AS item, p.polname, concat(
            CASE WHEN p.polpermissive THEN NULL ELSE ' AS RESTRICTIVE' END,
            ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            ' TO ', (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END,
                ', ') FROM unnest(p.polroles) r),
            ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS body
        FROM pg_policy p WHERE p.polrelid = ANY (relations)
            -- Those of limit_rows are made again.
            AND p.polname NOT LIKE E'tenantry\\_%'
    ), constraints AS (
        SELECT c.conrelid, c.oid, format(CASE WHEN c.contype IN ('c', 'f') THEN 'constraint %I'
        ELSE 'key %I' END, c.conname) AS item, c.conname, pg_get_constraintdef(c.oid) AS definition
        FROM pg_constraint c WHERE c.conrelid = ANY (relations) AND c.contype IN ('c', 'p', 'u', 'f', 'x')
            AND c.coninhcount = 0 AND c.conparentid = 0
            AND c.conname NOT IN ('schema_name_check', 'tenantry_year')
    ), statistics AS (
        SELECT s.stxrelid, s.oid, format('statistics %I', s.stxname) AS item,
        pg_get_statisticsobjdef(s.oid) AS definition
        FROM pg_statistic_ext s WHERE s.stxrelid = ANY (relations)
    ), comments AS (
        SELECT t.tgrelid AS relid, t.item, t.kinds, format('COMMENT ON TRIGGER %I ON ', t.tgname) AS before,
        'pg_trigger'::regclass AS class, t.oid FROM triggers t
        UNION ALL SELECT r.ev_class, r.item, r.kinds, format('COMMENT ON RULE %I ON ', r.rulename),
            'pg_rewrite', r.oid FROM rules r
        UNION ALL SELECT p.polrelid, p.item, 'rp', format('COMMENT ON POLICY %I ON ', p.polname),
            'pg_policy', p.oid FROM policies p
        UNION ALL SELECT c.conrelid, c.item, 'rp', format('COMMENT ON CONSTRAINT %I ON ', c.conname),
            'pg_constraint', c.oid FROM constraints c
    )
    SELECT c.conrelid, c.item, 'rp', NULL::text, 'ALTER TABLE ',
        format(' ADD CONSTRAINT %I %s', c.conname, c.definition) FROM constraints c
    UNION ALL
    SELECT s.stxrelid, s.item, 'rpm', NULL, left(s.definition, strpos(s.definition, ' FROM ') + 5), ''
        FROM statistics s
    UNION ALL
    SELECT t.tgrelid, t.item, t.kinds, NULL, left(t.definition, strpos(t.definition, t.place) + 3),
        substr(t.definition, strpos(t.definition, t.place) + length(t.place) - 1)
    FROM triggers t
    UNION ALL
    SELECT t.tgrelid, t.item, 'rp', NULL, 'ALTER TABLE ', format(' %s TRIGGER %I',
        CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
        ELSE 'ENABLE ALWAYS' END, t.tgname)
    FROM triggers t WHERE t.tgenabled <> 'O'
    UNION ALL
    SELECT r.ev_class, r.item, r.kinds, NULL, left(r.definition, strpos(r.definition, r.place) + 3),
        rtrim(substr(r.definition, strpos(r.definition, r.place) + length(r.place)), ';')
    FROM rules r
    UNION ALL
    SELECT r.ev_class, r.item, 'rp', NULL, 'ALTER TABLE ', format(' %s RULE %I',
        CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
        ELSE 'ENABLE ALWAYS' END, r.rulename)
    FROM rules r WHERE r.ev_enabled <> 'O'
    UNION ALL
    SELECT p.polrelid, p.item, 'rp', NULL, format('CREATE POLICY %I ON ', p.polname), p.body FROM policies p
    UNION ALL
    SELECT c.relid, c.item, c.kinds, NULL, c.before, format(' IS %L', d.description)
    FROM comments c JOIN pg_description d ON d.classoid = c.class AND d.objoid = c.oid AND d.objsubid = 0
$$;
