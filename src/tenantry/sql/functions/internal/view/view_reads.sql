CREATE OR REPLACE FUNCTION _wh_internal.view_reads(view regclass) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The relations that a view reads; empty if there is no such view.
    SELECT ARRAY(SELECT DISTINCT d.refobjid FROM pg_rewrite w
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        WHERE w.ev_class = view AND w.rulename = '_RETURN' AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid <> view)
$$;
