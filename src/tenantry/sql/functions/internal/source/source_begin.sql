CREATE OR REPLACE FUNCTION _wh_internal.source_begin(tenant_name text,
    encoding text DEFAULT getdatabaseencoding()) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The message to send to a source before anything is read from it. It begins a transaction, applies the
-- settings of source_settings that the source knows, and reads them back. The last result is one row: a text
-- that says which settings do not hold, or NULL. This happens in the transaction and not only at the login,
-- because a pooler may drop what a login requests, or give each transaction to another session. A transaction
-- that had already begun is refused, because it shows rows of an earlier moment.
DECLARE
    wanted jsonb := _wh_internal.source_settings((SELECT c FROM _wh.tenant_connections c
        WHERE c.tenant_name = source_begin.tenant_name));
    settings text;
BEGIN
    SELECT string_agg(format('(%L, %L)', s.key, s.value), ', ' ORDER BY s.key) INTO settings
    FROM jsonb_each_text(wanted || jsonb_build_object('client_encoding', encoding)) s;
    RETURN format($q$BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_catalog.set_config(s.name, s.value, true) FROM (VALUES %1$s) AS s (name, value)
WHERE s.name LIKE '%%.%%' OR pg_catalog.current_setting(s.name, true) IS NOT NULL;
SELECT pg_catalog.string_agg(pg_catalog.format('%%s is %%s and not %%s', s.name, coalesce(s.found, 'unset'),
    s.value), ', ') FROM (
    SELECT v.name, v.value, pg_catalog.current_setting(v.name, true) AS found
    FROM (VALUES %1$s, ('transaction_isolation', 'repeatable read'),
        ('transaction_read_only', 'on')) AS v (name, value)
    UNION ALL SELECT 'the beginning of the transaction', 'now', 'earlier'
    WHERE pg_catalog.transaction_timestamp() < pg_catalog.statement_timestamp()
) AS s
WHERE (s.name LIKE '%%.%%' OR s.found IS NOT NULL) AND CASE WHEN pg_catalog.right(s.name, 8) = '_timeout'
    THEN s.found::interval <> (s.value || CASE WHEN s.value ~ '^[0-9.]+$' THEN 'ms' ELSE '' END)::interval
    ELSE s.found IS DISTINCT FROM s.value END$q$, settings);
END
$$;
