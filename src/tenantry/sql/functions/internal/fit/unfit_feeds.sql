CREATE OR REPLACE FUNCTION _wh_internal.unfit_feeds(only_template text, only_schema text DEFAULT NULL)
RETURNS TABLE (schema_name text, template_name text, kind text, relname text, slice_date date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The rows of unfit_relations of all feeds, of a template, or of a tenant. unfit_relations takes
-- milliseconds, and there may be thousands of feeds. Tenants' tables are alike, so it is asked for one feed
-- of each shape, and for the others only if that one does not fit. What a shape does not tell is asked for
-- each feed: indexes whose definition names the tenant, tables in the tenant's own schema, and recorded
-- states.
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH named AS MATERIALIZED (
        SELECT DISTINCT i.template_name FROM _wh.template_indexes i WHERE i.definition ~ '[{]'
    ), busy AS MATERIALIZED (
        SELECT DISTINCT c.relnamespace FROM pg_class c WHERE c.relkind IN ('r', 'p')
    ), shapes AS MATERIALIZED (
        SELECT f AS feed, f.schema_name, f.template_name, f.storage, CASE
            WHEN s.daily OR n.template_name IS NOT NULL
                OR NOT coalesce(has_schema_privilege(x.oid, 'USAGE'), false)
                OR x.oid IN (SELECT b.relnamespace FROM busy b)
                OR EXISTS (SELECT FROM _wh.feed_tables t WHERE t.schema_name = f.schema_name
                    AND t.template_name = f.template_name)
                OR _wh_internal.kept_relation(_wh_internal.former_rows(f)) IS NOT NULL
            THEN 'schema ' || f.schema_name
            WHEN s.shared THEN ''
            ELSE coalesce(_wh_internal.table_shape(_wh_internal.storage_table(f), f.schema_name), 'none')
            END AS shape
        FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        LEFT JOIN named n ON n.template_name = f.template_name
        LEFT JOIN pg_namespace x ON x.nspname = f.schema_name
        WHERE f.template_name = coalesce(only_template, f.template_name)
            AND f.schema_name = coalesce(only_schema, f.schema_name)
    ), judged AS MATERIALIZED (
        SELECT o.template_name, o.storage, o.shape,
            EXISTS (SELECT FROM _wh_internal.unfit_relations(o.feed)) AS unfit
        FROM (SELECT DISTINCT ON (s.template_name, s.storage, s.shape) s.* FROM shapes s
            ORDER BY s.template_name, s.storage, s.shape, s.schema_name) o
    )
    SELECT s.schema_name, s.template_name, u.kind, u.relname, u.slice_date
    FROM shapes s JOIN judged j USING (template_name, storage, shape)
    CROSS JOIN LATERAL _wh_internal.unfit_relations(s.feed) u
    WHERE j.unfit;
END
$$;
