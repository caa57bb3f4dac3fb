CREATE OR REPLACE FUNCTION _wh_internal.lock_holders(key bigint, strangers boolean DEFAULT false) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    -- Describe the sessions that hold an advisory lock; NULL if there are none. With `strangers`, describe
    -- the sessions that hold it or wait for it although their roles may not use this schema, which everyone
    -- who needs these locks may. The address of another role's session is visible only to some roles.
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
