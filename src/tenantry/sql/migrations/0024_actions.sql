-- What people have asked for, and workers carry out. A worker works as whadmin: the arguments are names, days
-- and numbers, which _wh.request_action has checked, and never SQL, addresses or paths.
CREATE TABLE _wh.actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    arguments jsonb NOT NULL CHECK (jsonb_typeof(arguments) = 'object'),
    login text NOT NULL,
    role text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    host text,
    pid integer,
    started_at timestamptz,
    ended_at timestamptz,
    cancel_requested_at timestamptz,
    cancelled_by text,
    progress jsonb,
    result text CHECK (length(result) <= 2000),
    CHECK ((state IN ('waiting', 'running')) = (ended_at IS NULL))
);
-- Asked for twice, it is done once. One that is being cancelled may be asked for again.
CREATE UNIQUE INDEX actions_once ON _wh.actions (kind, arguments)
    WHERE state IN ('waiting', 'running') AND cancel_requested_at IS NULL;
CREATE INDEX actions_unfinished ON _wh.actions (id) WHERE state IN ('waiting', 'running');
COMMENT ON TABLE _wh.actions IS 'Work that people asked for, which a worker does: waiting, running, and ended in the last 90 days';
COMMENT ON COLUMN _wh.actions.arguments IS 'What it works on, by name: as _wh.request_action takes it';
COMMENT ON COLUMN _wh.actions.login IS 'Who asked for it: the login; role is what it acted as';
COMMENT ON COLUMN _wh.actions.attempts IS 'How often a worker has begun it';
COMMENT ON COLUMN _wh.actions.host IS 'Where the last worker that began it runs; pid is its process there';
COMMENT ON COLUMN _wh.actions.progress IS 'How far it is: what, done, total, unit, rows, failed, error, at';
COMMENT ON COLUMN _wh.actions.result IS 'How it ended, in words';
