CREATE OR REPLACE FUNCTION _wh_internal.refuse_dependence(index oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error if an index needs a function, operator or type of a role that may not act for whadmin,
-- because loads would run it. PostgreSQL records no dependency on its own objects, and the objects of an
-- extension belong to a superuser.
DECLARE
    stranger text;
BEGIN
    SELECT pg_describe_object(d.refclassid, d.refobjid, 0) INTO stranger
    FROM pg_depend d
    LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
    LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    LEFT JOIN pg_opclass c ON d.refclassid = 'pg_opclass'::regclass AND c.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.objid = index
        AND NOT pg_has_role(coalesce(p.proowner, t.typowner, o.oprowner, c.opcowner), current_user, 'MEMBER')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% belongs to a role that may not act for whadmin', stranger
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;
