-- Tables that hold tenants' rows stand in a schema of their own, which readers need not see, behind views in public and in the
-- tenants' schemas. Those of earlier versions are moved after the functions are made, tenant by tenant (settle_feed).
DO $$
BEGIN
    -- One of a warehouse whose schema _wh was dropped has its rows.
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = '_wh_data' AND n.nspowner <> 'whadmin'::regrole)
        OR EXISTS (SELECT FROM _wh.tenants t WHERE t.schema_name = '_wh_data') THEN
        RAISE EXCEPTION 'schema _wh_data exists already; Tenantry keeps the tables of tenants in a schema of that name'
            USING ERRCODE = 'duplicate_schema', HINT = 'Rename it: ALTER SCHEMA _wh_data RENAME TO ...';
    END IF;
    CREATE SCHEMA IF NOT EXISTS _wh_data AUTHORIZATION whadmin;
    COMMENT ON SCHEMA _wh_data IS 'Tenantry: the tables that hold tenants'' rows; read the views in public and in the tenants'' schemas';
END
$$;

ALTER TABLE _wh.storages
    ADD COLUMN steady boolean NOT NULL DEFAULT true,
    ADD COLUMN united boolean NOT NULL DEFAULT false;
UPDATE _wh.storages SET steady = tenant_kind <> 'v', united = public_kind = 'p';
ALTER TABLE _wh.storages DROP COLUMN tenant_kind, DROP COLUMN public_kind;
COMMENT ON COLUMN _wh.storages.steady IS 'A tenant''s view stays as it is when days are loaded';
COMMENT ON COLUMN _wh.storages.united IS 'The tables of all tenants are partitions of one, and name their tenant in a column schema_name';
