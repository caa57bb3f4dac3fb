-- Where alerts go, what is wrong now, what each route was told of it, and the messages that are kept until they are delivered.
CREATE TABLE _wh.alert_routes (
    route_name text PRIMARY KEY CHECK (route_name <> ''),
    kind text NOT NULL CHECK (kind IN ('webhook', 'email', 'apprise')),
    address text NOT NULL CHECK (address <> ''),
    sender text,
    recipients text[] NOT NULL DEFAULT '{}',
    severity text NOT NULL DEFAULT 'warning' CHECK (severity IN ('warning', 'error')),
    tenants text[] NOT NULL DEFAULT '{}',
    templates text[] NOT NULL DEFAULT '{}',
    repeat_after interval NOT NULL DEFAULT '4 hours' CHECK (repeat_after >= interval '1 minute'),
    plain boolean NOT NULL DEFAULT false,
    has_secret boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.alert_routes IS 'Where alerts go, and which';
COMMENT ON COLUMN _wh.alert_routes.address IS 'A webhook''s URL, an SMTP server''s, or the name of a service; never the secret';
COMMENT ON COLUMN _wh.alert_routes.plain IS 'The line may be unencrypted';

CREATE TABLE _wh.alert_secrets (
    route_name text PRIMARY KEY REFERENCES _wh.alert_routes ON UPDATE CASCADE ON DELETE CASCADE,
    secret text NOT NULL
);
COMMENT ON TABLE _wh.alert_secrets IS 'The secrets of routes, which only whadmin may read';

CREATE TABLE _wh.alerts (
    alert_key text PRIMARY KEY,
    kind text NOT NULL,
    cause text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('warning', 'error')),
    schema_name text,
    template_name text,
    message text NOT NULL,
    looks integer NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    recovered_at timestamptz
);
COMMENT ON TABLE _wh.alerts IS 'What is wrong now, or was within the last days';
COMMENT ON COLUMN _wh.alerts.cause IS 'What alerts of one message have in common';
COMMENT ON COLUMN _wh.alerts.looks IS 'How many looks in a row found it';

CREATE TABLE _wh.alert_notices (
    route_name text NOT NULL REFERENCES _wh.alert_routes ON UPDATE CASCADE ON DELETE CASCADE,
    cause text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('warning', 'error')),
    summary text NOT NULL,
    opened_at timestamptz NOT NULL,
    last_sent_at timestamptz NOT NULL,
    times_sent integer NOT NULL,
    alerts integer NOT NULL,
    reopened integer NOT NULL DEFAULT 0,
    closed_at timestamptz,
    PRIMARY KEY (route_name, cause)
);
COMMENT ON TABLE _wh.alert_notices IS 'What each route was told of a cause';
COMMENT ON COLUMN _wh.alert_notices.alerts IS 'How many alerts the last message was about';
COMMENT ON COLUMN _wh.alert_notices.reopened IS 'How often the cause was back within a day after it was gone';

CREATE TABLE _wh.alert_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL UNIQUE,
    route_name text NOT NULL REFERENCES _wh.alert_routes ON UPDATE CASCADE ON DELETE CASCADE,
    cause text NOT NULL,
    event text NOT NULL,
    message jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX ON _wh.alert_deliveries (route_name, id) WHERE state = 'waiting';
COMMENT ON TABLE _wh.alert_deliveries IS 'Messages: waiting until the other side has taken them, sent, or given up';
COMMENT ON COLUMN _wh.alert_deliveries.answer IS 'What the other side said last, without secrets';

CREATE TABLE _wh.alert_looks (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    looked_at timestamptz NOT NULL,
    examined_at timestamptz,
    host text NOT NULL,
    pid integer NOT NULL
);
COMMENT ON TABLE _wh.alert_looks IS 'When a program last decided what to tell, and when doctor''s checks last ran for that';

CREATE TABLE _wh.verifications (
    schema_name text NOT NULL,
    template_name text NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT now(),
    days integer NOT NULL,
    different_days date[] NOT NULL,
    failed_days integer NOT NULL,
    fault boolean NOT NULL,
    PRIMARY KEY (schema_name, template_name),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.verifications IS 'How the last comparison of each feed with its source ended';
COMMENT ON COLUMN _wh.verifications.fault IS 'A day differs although its source has not changed since the load';
COMMENT ON COLUMN _wh.verifications.failed_days IS 'How many days could not be compared';
