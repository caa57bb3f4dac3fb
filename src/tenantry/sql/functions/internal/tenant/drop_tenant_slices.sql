CREATE OR REPLACE FUNCTION _wh_internal.drop_tenant_slices(schema_name text, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Drop at most `most` materialized views of a tenant that is being dropped; returns how many. Dropping a
-- relation locks it and each of its indexes: a schema with many years does not fit into the lock table at
-- once.
DECLARE
    names text;
    found integer;
BEGIN
    -- Nothing to do, if drop_tenant was called before.
    PERFORM _wh_internal.withdraw_tenant(drop_tenant_slices.schema_name);
    SELECT string_agg(format('%I.%I', drop_tenant_slices.schema_name, m.relname), ', '), count(*)
        INTO names, found
    FROM (SELECT c.relname FROM pg_class c WHERE c.relkind = 'm'
            AND c.relnamespace = to_regnamespace(quote_ident(drop_tenant_slices.schema_name)) LIMIT most) m;
    IF found > 0 THEN
        EXECUTE 'DROP MATERIALIZED VIEW ' || names;
    END IF;
    RETURN found;
END
$$;
