-- name: waits
-- Which of the given sessions wait for a lock, what they wait for, and who holds it. Only statements that
-- began three seconds ago: a function may wait for one lock twice (await_lock), which restarts waitstart.
SELECT w.pid, CASE w.locktype
        WHEN 'relation' THEN w.relation::regclass::text
        WHEN 'advisory' THEN 'a lock of Tenantry''s'
        WHEN 'transactionid' THEN 'the end of a transaction'
        ELSE 'a lock (' || w.locktype || ')' END,
    b.pid, concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.usename, a.state,
        'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
    -- If the role may not see another role's statement, PostgreSQL returns a message in its place.
    CASE WHEN a.state IS NOT NULL THEN a.query ELSE '' END
FROM pg_locks w
JOIN pg_stat_activity q ON q.pid = w.pid
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_stat_activity a ON a.pid = b.pid
WHERE NOT w.granted AND w.pid = ANY (%(pids)s) AND b.pid <> ALL (%(pids)s)
    AND q.query_start < clock_timestamp() - interval '3 seconds'
    AND w.waitstart < clock_timestamp() - interval '1 second'
ORDER BY w.pid, b.pid
