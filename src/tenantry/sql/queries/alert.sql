-- name: routes
-- Where alerts go, without secrets.
SELECT route_name, kind, address, sender, recipients, severity, tenants, templates, repeat_after, plain,
    has_secret
FROM _wh.alert_routes WHERE %(name)s::text IS NULL OR route_name = %(name)s ORDER BY route_name

-- name: route_states
-- For each route: messages that wait, since when, the last delivery, and what the other side said last.
SELECT r.route_name, count(d.id) FILTER (WHERE d.state = 'waiting'),
    min(d.created_at) FILTER (WHERE d.state = 'waiting'), max(d.ended_at) FILTER (WHERE d.state = 'sent'),
    count(d.id) FILTER (WHERE d.state = 'failed'),
    (array_agg(d.answer ORDER BY d.id) FILTER (WHERE d.state = 'waiting' AND d.answer IS NOT NULL))[1]
FROM _wh.alert_routes r LEFT JOIN _wh.alert_deliveries d USING (route_name) GROUP BY r.route_name

-- name: put_route
-- Store a route, or replace the one of its name.
INSERT INTO _wh.alert_routes (route_name, kind, address, sender, recipients, severity, tenants, templates,
    repeat_after, plain, has_secret)
VALUES (%(name)s, %(kind)s, %(address)s, %(sender)s, %(recipients)s, %(severity)s, %(tenants)s, %(templates)s,
    %(repeat_after)s, %(plain)s, %(has_secret)s)
ON CONFLICT (route_name) DO UPDATE SET kind = excluded.kind, address = excluded.address,
    sender = excluded.sender, recipients = excluded.recipients, severity = excluded.severity,
    tenants = excluded.tenants, templates = excluded.templates, repeat_after = excluded.repeat_after,
    plain = excluded.plain, has_secret = excluded.has_secret

-- name: drop_route
-- Remove a route with its secret and its messages.
DELETE FROM _wh.alert_routes WHERE route_name = %(name)s RETURNING route_name

-- name: drop_secret
-- Forget a route's secret.
DELETE FROM _wh.alert_secrets WHERE route_name = %(name)s

-- name: put_secret
-- The secret is sent as data, because the server's log may hold statements and their parameters. The binary
-- form keeps it out of the context of errors.
COPY _wh.alert_secrets (route_name, secret) FROM STDIN (FORMAT binary)

-- name: secrets
-- The secrets of all routes, or of one.
SELECT route_name, secret FROM _wh.alert_secrets WHERE %(name)s::text IS NULL OR route_name = %(name)s

-- name: known_names
-- The tenants and templates that there are.
SELECT ARRAY(SELECT schema_name FROM _wh.tenants ORDER BY 1), ARRAY(SELECT template_name FROM _wh.mv_templates
    UNION SELECT template_name FROM _wh.feeds ORDER BY 1)

-- name: alerts
-- What is wrong, and what was until lately.
SELECT alert_key, kind, cause, severity, schema_name, template_name, message, looks, first_seen, last_seen,
    recovered_at
FROM _wh.alerts WHERE recovered_at IS NULL OR NOT %(open)s ORDER BY first_seen, alert_key

-- name: put_alerts
-- Store all that a look found or changed, in one statement.
INSERT INTO _wh.alerts (alert_key, kind, cause, severity, schema_name, template_name, message, looks,
    first_seen, last_seen, recovered_at)
SELECT a.alert_key, a.kind, a.cause, a.severity, a.schema_name, a.template_name, a.message, a.looks,
    a.first_seen, a.last_seen, a.recovered_at
FROM jsonb_populate_recordset(NULL::_wh.alerts, %(alerts)s) a
ON CONFLICT (alert_key) DO UPDATE SET kind = excluded.kind, cause = excluded.cause,
    severity = excluded.severity, message = excluded.message, looks = excluded.looks,
    first_seen = excluded.first_seen, last_seen = excluded.last_seen, recovered_at = excluded.recovered_at

-- name: notices
-- What each route was told.
SELECT route_name, cause, kind, severity, summary, opened_at, last_sent_at, times_sent, alerts, reopened,
    closed_at FROM _wh.alert_notices

-- name: put_notice
-- Note what a route is told now.
INSERT INTO _wh.alert_notices (route_name, cause, kind, severity, summary, opened_at, last_sent_at,
    times_sent, alerts, reopened, closed_at)
VALUES (%(route)s, %(cause)s, %(kind)s, %(severity)s, %(summary)s, %(opened_at)s, %(last_sent_at)s,
    %(times_sent)s, %(alerts)s, %(reopened)s, %(closed_at)s)
ON CONFLICT (route_name, cause) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,
    summary = excluded.summary, opened_at = excluded.opened_at, last_sent_at = excluded.last_sent_at,
    times_sent = excluded.times_sent, alerts = excluded.alerts, reopened = excluded.reopened,
    closed_at = excluded.closed_at

-- name: put_delivery
-- Queue a message.
INSERT INTO _wh.alert_deliveries (message_id, route_name, cause, event, message)
VALUES (%(message_id)s, %(route)s, %(cause)s, %(event)s, %(message)s)

-- name: waiting_causes
-- What the messages are about that each route has still to be sent.
SELECT DISTINCT route_name, cause FROM _wh.alert_deliveries WHERE state = 'waiting'

-- name: try_decide
-- Let one program decide at a time. The number is of this lock alone.
SELECT pg_try_advisory_xact_lock(8321567907)

-- name: look
-- The time, whether there are routes, and when a program last looked and ran doctor's checks.
SELECT statement_timestamp(), EXISTS (SELECT FROM _wh.alert_routes), l.looked_at, l.examined_at
FROM (SELECT) always LEFT JOIN _wh.alert_looks l ON true

-- name: looked
-- Note that a program has looked.
INSERT INTO _wh.alert_looks (looked_at, examined_at, host, pid)
VALUES (%(now)s, %(examined_at)s, %(host)s, %(pid)s)
ON CONFLICT (single) DO UPDATE SET looked_at = excluded.looked_at, host = excluded.host, pid = excluded.pid,
    examined_at = coalesce(excluded.examined_at, alert_looks.examined_at)

-- name: prune
-- Forget what ended long ago.
WITH alerts AS (DELETE FROM _wh.alerts WHERE recovered_at < %(now)s - interval '7 days'),
    notices AS (DELETE FROM _wh.alert_notices WHERE closed_at < %(now)s - interval '2 days')
DELETE FROM _wh.alert_deliveries WHERE ended_at < %(now)s - interval '30 days'

-- name: take
-- The oldest message of a route, if its time has come and no other program is sending it. The row's lock ends
-- with the program, so that a message that was not confirmed is sent again.
SELECT d.id, d.message_id, d.route_name, d.event, d.message, d.attempts, d.created_at
FROM _wh.alert_deliveries d
WHERE d.state = 'waiting' AND d.next_attempt_at <= clock_timestamp()
    AND NOT EXISTS (SELECT FROM _wh.alert_deliveries o
        WHERE o.route_name = d.route_name AND o.state = 'waiting' AND o.id < d.id)
ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED

-- name: sent
-- The other side has taken a message.
UPDATE _wh.alert_deliveries SET state = 'sent', attempts = attempts + 1, answer = %(answer)s,
    ended_at = clock_timestamp() WHERE id = %(id)s

-- name: not_sent
-- The other side has not taken a message: try again later, or give up.
UPDATE _wh.alert_deliveries SET attempts = attempts + 1, answer = %(answer)s,
    next_attempt_at = clock_timestamp() + %(pause)s,
    state = CASE WHEN %(give_up)s THEN 'failed' ELSE 'waiting' END,
    ended_at = CASE WHEN %(give_up)s THEN clock_timestamp() END WHERE id = %(id)s

-- name: feeds
-- The feeds of enabled tenants, when they were last loaded, and when they were registered.
SELECT f.schema_name, f.template_name, f.created_at,
    (SELECT max(s.loaded_at) FROM _wh.slices s
        WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name)
FROM _wh.feeds f JOIN _wh.tenants t USING (schema_name)
WHERE t.disabled_at IS NULL AND t.dropping_at IS NULL ORDER BY f.schema_name, f.template_name

-- name: differing
-- Feeds whose last comparison found days that differ and have not been loaded since.
SELECT v.schema_name, v.template_name, v.verified_at, d.days, v.fault
FROM _wh.verifications v CROSS JOIN LATERAL (
    SELECT array_agg(u.day ORDER BY u.day) AS days FROM unnest(v.different_days) u (day)
    WHERE NOT EXISTS (SELECT FROM _wh.slices s WHERE s.schema_name = v.schema_name
        AND s.template_name = v.template_name AND s.slice_date = u.day AND s.loaded_at > v.verified_at)
) d
WHERE d.days IS NOT NULL ORDER BY v.schema_name, v.template_name

-- name: put_verification
-- Keep how a comparison of a feed with its source ended.
SELECT _wh_internal.record_verification(f, %(compared)s::date[], %(different)s::date[], %(failed)s, %(fault)s)
FROM _wh.feeds f WHERE f.schema_name = %(schema)s AND f.template_name = %(template)s
