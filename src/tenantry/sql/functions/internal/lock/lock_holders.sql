CREATE OR REPLACE FUNCTION _wh_internal.lock_holders(key bigint, strangers boolean DEFAULT false) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    -- The sessions that hold an advisory lock, in words, NULL if there is none. Or the `strangers` that hold
    -- it or wait for it: roles that may not use this schema, where all who have a use for these locks may. Of
    -- other roles' sessions only some see the address.
    SELECT string_agg(format('session %s (%s)', l.pid,
        concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.usename,
        'from ' || host(a.client_addr),
            'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))), '; ')
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.objsubid = 1
        AND CASE WHEN strangers THEN NOT has_schema_privilege(a.usesysid, '_wh', 'USAGE') ELSE l.granted END
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = key
$$;
