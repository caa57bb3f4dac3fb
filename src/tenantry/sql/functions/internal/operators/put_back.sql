CREATE OR REPLACE FUNCTION _wh_internal.put_back(target text, things jsonb, exact boolean DEFAULT true)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Add to a relation (`target`, quoted) what keep_things returned for the one that it replaces. `exact`: no
-- other role has rights on it, whatever the default privileges say.
DECLARE
    relation regclass := target;
    thing record;
    index regclass;
    reason text;
BEGIN
    IF exact THEN
        EXECUTE _wh_internal.revoked_grants(relation);
    END IF;
    FOR thing IN
        SELECT t.value ->> 'item' AS item, t.value ->> 'before' AS before, t.value ->> 'after' AS after
        FROM jsonb_array_elements(things) WITH ORDINALITY AS t (value, n)
        -- What was added to a column that the template has dropped goes with the column.
        WHERE t.value ->> 'column_name' IS NULL OR EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = t.value ->> 'column_name'
            AND NOT a.attisdropped)
        ORDER BY t.n
    LOOP
        BEGIN
            IF thing.before IS NOT NULL THEN
                EXECUTE thing.before || target || thing.after;
            ELSE
                SELECT i.indexrelid INTO index FROM pg_index i
                    WHERE i.indrelid = relation
                    AND _wh_internal.index_shape(i.indexrelid) = thing.after LIMIT 1;
                EXECUTE format(CASE thing.item WHEN 'cluster mark' THEN 'ALTER TABLE %s CLUSTER ON %I'
                    ELSE 'ALTER TABLE %s REPLICA IDENTITY USING INDEX %I' END,
                    target, (SELECT c.relname FROM pg_class c WHERE c.oid = index));
            END IF;
        EXCEPTION WHEN OTHERS THEN
            reason := SQLERRM;
            RAISE EXCEPTION '% cannot be replaced without losing what was put on it: %: %', target,
                thing.item, reason
                USING ERRCODE = SQLSTATE,
                    HINT = 'Remove it, run this again, then add it to the replacement.';
        END;
    END LOOP;
END
$$;
