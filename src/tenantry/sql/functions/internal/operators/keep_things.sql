CREATE OR REPLACE FUNCTION _wh_internal.keep_things(subject text, relations oid[], target_kind "char",
    parent regclass DEFAULT NULL,
    fresh regclass DEFAULT NULL, aside boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- What operators have added to relations that one of another kind (or of the same) will replace, for
-- put_back. Raises an error that names what would be lost, if anything. A relation that replaces several
-- gets what all of them have, or what the tenant's own relation has (`parent`): things that only some have
-- would apply to more rows than before, or vanish. `aside`: the old relations are kept under another name,
-- together with the names of what belongs to them.
DECLARE
    kept jsonb;
    lost text;
    lost_count bigint;
BEGIN
    WITH things AS MATERIALIZED (
        SELECT t.*, strpos(t.kinds, target_kind::text) > 0 AND NOT (aside AND t.named) AS fits
        FROM _wh_internal.operators_things(relations, fresh) t
    ), of_parent AS MATERIALIZED (
        SELECT t.before, t.after FROM _wh_internal.operators_things(ARRAY[parent::oid]) t
        -- Rows that a policy hides there would all be visible here.
        WHERE parent IS NOT NULL
            AND NOT (t.rank = 5 AND (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = parent))
    ), items AS (
        SELECT t.relid, t.item, bool_or(t.fits) AS fits FROM things t GROUP BY 1, 2
    ), statements AS (
        SELECT t.item, t.column_name, t.before, t.after, t.rank, t.named, array_agg(t.relid) AS of,
            -- Of several replica identities, the widest does no harm.
            count(DISTINCT t.relid) = cardinality(relations) OR t.item = 'replica identity'
                OR EXISTS (SELECT FROM of_parent p WHERE p.before IS NOT DISTINCT
                FROM t.before AND p.after IS NOT DISTINCT FROM t.after) AS shared
        FROM things t WHERE t.fits GROUP BY 1, 2, 3, 4, 5, 6
    ), losses AS (
        SELECT i.item, i.relid FROM items i WHERE NOT i.fits
        UNION SELECT s.item, r.relid FROM statements s, unnest(s.of) AS r (relid) WHERE NOT s.shared
    )
    SELECT (SELECT coalesce(jsonb_agg(to_jsonb(s) - '{of,shared}'::text[]
        ORDER BY s.rank, s.item, s.before DESC NULLS LAST), '[]') FROM statements s WHERE s.shared),
        string_agg(format('%s on %s', l.item, l.relid::regclass), ', '
            ORDER BY l.item, l.relid::regclass::text) FILTER (WHERE l.n <= 5), count(*)
    INTO kept, lost, lost_count
    FROM (SELECT x.*, row_number() OVER (ORDER BY x.item, x.relid::regclass::text) AS n FROM losses x) l;
    IF lost IS NOT NULL THEN
        RAISE EXCEPTION '% cannot be replaced without losing what was put on it: %', subject,
                concat(lost, CASE WHEN lost_count > 5 THEN format(' and %s more', lost_count - 5) END)
            USING ERRCODE = 'dependent_objects_still_exist', HINT = CASE WHEN cardinality(relations) > 1
                THEN 'Remove it, or add it to all that are merged; then run this again.'
                ELSE 'Remove it, run this again, then add it to the replacement.' END;
    END IF;
    RETURN kept;
END
$$;
