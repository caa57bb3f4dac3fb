-- After the functions: only their owner may execute them, and readers see what whadmin creates for them. Run
-- as whadmin.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    -- One by one, because REVOKE ... ON ALL fails if _wh contains another role's function.
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace IN (SELECT n.oid FROM pg_catalog.pg_namespace n
            WHERE n.nspname IN ('_wh', '_wh_internal', 'cron'))
            AND p.proowner = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = 'whadmin')
            AND pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
    END LOOP;
END
$$;
DO $$
-- Auditors and operators read every table. They may call functions that run with the caller's own rights,
-- which read no more than they may, and some functions that only read. Operators may also call functions that
-- take the names of existing things. If the roles do not exist yet, create.sql creates them.
DECLARE
    looking CONSTANT text[]
        := '{_wh.current_date_utc,_wh.does_mv_exist,_wh.check_views_by_template_for_year,_wh.jobs,'
        '_wh.job_runs,_wh.job_leader,_wh_internal.template_facts,_wh_internal.template_outdated,'
        '_wh_internal.override_facts,_wh_internal.job_facts,_wh_internal.node_facts,'
        '_wh_internal.node_load,_wh_internal.shard_moves}';
    working CONSTANT text[]
        := '{_wh.load_days,_wh.fold_year,_wh.fold_year_step,_wh.verify_days,_wh.publish_views,'
        '_wh.source_days,'
        '_wh.set_jobs_active,_wh.disable_tenant,_wh.enable_tenant,'
        '_wh.request_action,_wh.cancel_action}';
    member name;
    object record;
BEGIN
    FOR member IN SELECT r.rolname FROM pg_catalog.pg_roles r
        WHERE r.rolname IN ('tenantry_auditor', 'tenantry_operator') LOOP
        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA _wh, _wh_internal TO %I', member);
        FOR object IN
            SELECT c.oid::regclass AS name FROM pg_catalog.pg_class c
            WHERE c.relnamespace = '_wh'::regnamespace AND c.relkind = 'r' AND c.relowner = 'whadmin'::regrole
                -- A right on the first one limits what its holder sees; the second one holds secrets.
                AND c.relname NOT IN ('limited', 'alert_secrets')
                AND NOT pg_catalog.has_table_privilege(member, c.oid, 'SELECT')
        LOOP
            EXECUTE pg_catalog.format('GRANT SELECT ON %s TO %I', object.name, member);
        END LOOP;
        FOR object IN
            SELECT f.name, f.kept FROM (
                SELECT p.oid, p.oid::regprocedure AS name, (p.prokind <> 'f' OR p.prosecdef)
                    AND pg_catalog.format('%s.%s', p.pronamespace::regnamespace, p.proname)
                        <> ALL (CASE member WHEN 'tenantry_operator' THEN looking || working
                        ELSE looking END) AS kept
                FROM pg_catalog.pg_proc p
                WHERE p.pronamespace IN ('_wh'::regnamespace, '_wh_internal'::regnamespace)
                    AND p.proowner = 'whadmin'::regrole
            ) f WHERE pg_catalog.has_function_privilege(member, f.oid, 'EXECUTE') = f.kept
        LOOP
            EXECUTE pg_catalog.format(CASE WHEN object.kept THEN 'REVOKE ALL ON ROUTINE %s FROM %I'
                ELSE 'GRANT EXECUTE ON ROUTINE %s TO %I' END, object.name, member);
        END LOOP;
    END LOOP;
    -- A template author may write columns, not the whole table: a role that may UPDATE or DELETE a table may
    -- also lock it, and loads would wait.
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tenantry_template_author') THEN
        GRANT USAGE ON SCHEMA _wh, _wh_internal TO tenantry_template_author;
        GRANT SELECT ON _wh.mv_templates, _wh.template_columns, _wh.template_indexes, _wh.migrations,
            _wh.installations, _wh.storages TO tenantry_template_author;
        GRANT SELECT (schema_name, template_name, tenant_name,
            storage) ON _wh.feeds TO tenantry_template_author;
        GRANT SELECT (schema_name, tenant_name) ON _wh.tenants TO tenantry_template_author;
        GRANT INSERT (template_name, description, query_template, column_definitions, column_descriptions,
            indexes, storage, time_column, partition_by, ahead, lookback),
            UPDATE (description, query_template, column_definitions, column_descriptions, indexes, storage,
                time_column, partition_by, ahead, lookback, updated_at)
            ON _wh.mv_templates TO tenantry_template_author;
        GRANT EXECUTE ON FUNCTION _wh.try_template(text, text, date, integer, integer, jsonb),
            _wh.drop_unused_template(text), _wh.set_template_override(text, text, text, date, integer),
            _wh.drop_template_override(text, text), _wh_internal.override_facts(text),
            _wh_internal.template_facts(), _wh_internal.template_outdated(text),
                _wh_internal.find_template(text) TO tenantry_template_author;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION _wh_internal.freshness(name) TO phood_ro;
GRANT SELECT ON public.tenantry_freshness TO phood_ro;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA public GRANT SELECT ON TABLES TO phood_ro;
