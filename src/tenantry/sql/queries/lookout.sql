-- name: waits
-- Which of some sessions wait for a lock, for what, and who holds it. Of a statement that began three seconds
-- ago: a function may wait twice for one lock (await_lock), which makes waitstart begin anew.
SELECT w.pid, CASE w.locktype
        WHEN 'relation' THEN w.relation::regclass::text
        WHEN 'advisory' THEN 'a lock of Tenantry''s'
        WHEN 'transactionid' THEN 'the end of a transaction'
        ELSE 'a lock (' || w.locktype || ')' END,
    b.pid, concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.usename, a.state,
        'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
    -- Who may not see another's statement is told so in its place.
    CASE WHEN a.state IS NOT NULL THEN a.query ELSE '' END
FROM pg_locks w
JOIN pg_stat_activity q ON q.pid = w.pid
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_stat_activity a ON a.pid = b.pid
WHERE NOT w.granted AND w.pid = ANY (%(pids)s) AND b.pid <> ALL (%(pids)s)
    AND q.query_start < clock_timestamp() - interval '3 seconds'
    AND w.waitstart < clock_timestamp() - interval '1 second'
ORDER BY w.pid, b.pid
