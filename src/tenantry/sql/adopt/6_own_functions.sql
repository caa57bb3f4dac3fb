-- The operators' own functions go on in the new schema, where their jobs call them: with whadmin's rights, and on Tenantry's
-- functions. Those of the manual's names stay aside. One transaction, after functions.sql.
CREATE TABLE IF NOT EXISTS _wh_adopt.moved (funcid oid PRIMARY KEY, owner name NOT NULL, acl aclitem[]);
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT p.oid, p.oid::regprocedure::text AS name, r.rolname, p.proacl FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
        WHERE p.pronamespace = '_wh_manual'::regnamespace AND p.prokind IN ('f', 'p')
            AND p.prorettype <> 'trigger'::regtype
            -- Written in a language that runs with no more than the caller's rights.
            AND p.prolang IN (SELECT l.oid FROM pg_catalog.pg_language l WHERE l.lanpltrusted)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc ours WHERE ours.pronamespace = '_wh'::regnamespace
                AND ours.proname = p.proname)
    LOOP
        INSERT INTO _wh_adopt.moved VALUES (own.oid, own.rolname, own.proacl);
        EXECUTE pg_catalog.format('ALTER ROUTINE %s OWNER TO whadmin', own.name);
        EXECUTE pg_catalog.format('ALTER ROUTINE %s SET SCHEMA _wh', own.name);
    END LOOP;
    INSERT INTO _wh_adopt.steps VALUES ('functions') ON CONFLICT DO NOTHING;
END
$$;
