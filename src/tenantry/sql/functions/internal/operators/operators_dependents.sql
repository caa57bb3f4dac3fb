CREATE OR REPLACE FUNCTION _wh_internal.operators_dependents(relations oid[], but oid[] DEFAULT '{}')
    RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Objects that somebody created and that would continue to read relations which are put aside, or block
    -- dropping them: views, functions with a parsed body, foreign keys, policies, columns and functions of
    -- their row type; as text, NULL if there are none. Parts of these relations themselves, or of `but`, do
    -- not count.
    WITH wanted AS (
        SELECT c.oid, c.oid AS refobjid, 'pg_class'::regclass AS refclassid FROM pg_class c
        WHERE c.oid = ANY (relations)
        UNION ALL
        SELECT c.oid, t.oid, 'pg_type'::regclass FROM pg_class c
            JOIN pg_type y ON y.oid = c.reltype, unnest(ARRAY[y.oid, y.typarray]) AS t (oid)
        WHERE c.oid = ANY (relations)
    ), found AS (
        SELECT DISTINCT o.oid AS relid, d.classid, d.objid, CASE d.classid
            WHEN 'pg_class'::regclass THEN d.objid
            WHEN 'pg_rewrite'::regclass THEN (SELECT w.ev_class FROM pg_rewrite w WHERE w.oid = d.objid)
            WHEN 'pg_policy'::regclass THEN (SELECT p.polrelid FROM pg_policy p WHERE p.oid = d.objid)
            WHEN 'pg_constraint'::regclass THEN (SELECT c.conrelid FROM pg_constraint c WHERE c.oid = d.objid)
            WHEN 'pg_attrdef'::regclass THEN (SELECT a.adrelid FROM pg_attrdef a WHERE a.oid = d.objid)
            WHEN 'pg_trigger'::regclass
                THEN (SELECT t.tgrelid FROM pg_trigger t WHERE t.oid = d.objid) END AS owner
        FROM wanted o JOIN pg_depend d ON d.refclassid = o.refclassid AND d.refobjid = o.refobjid
            AND d.deptype = 'n'
    ), told AS (
        SELECT DISTINCT CASE f.classid WHEN 'pg_rewrite'::regclass
        THEN format('%s reads %s', f.owner::regclass, f.relid::regclass)
            ELSE format('%s needs %s', pg_describe_object(f.classid, f.objid, 0),
            f.relid::regclass) END AS words
        FROM found f WHERE f.owner IS NULL OR f.owner <> ALL (relations || but)
    )
    SELECT left(string_agg(t.words, ', ' ORDER BY t.words), 500) FROM told t
$$;
