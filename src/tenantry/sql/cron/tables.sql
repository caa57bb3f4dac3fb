-- Tenantry's own schema cron, for a database without pg_cron: the tables of pg_cron 1.4, so that the same SQL
-- works, plus what `tenantry scheduler` needs to run the jobs. Run it as whadmin; it can be repeated.
COMMENT ON SCHEMA cron IS 'Tenantry: jobs, in the place of the extension pg_cron; DROP SCHEMA cron CASCADE '
    'makes room for that';

CREATE SEQUENCE IF NOT EXISTS cron.jobid_seq;
CREATE TABLE IF NOT EXISTS cron.job (
    jobid bigint PRIMARY KEY DEFAULT nextval('cron.jobid_seq'),
    schedule text NOT NULL,
    command text NOT NULL,
    nodename text NOT NULL DEFAULT 'localhost',
    nodeport integer NOT NULL DEFAULT inet_server_port(),
    database text NOT NULL DEFAULT current_database(),
    username text NOT NULL DEFAULT current_user,
    active boolean NOT NULL DEFAULT true,
    jobname name,
    CONSTRAINT jobname_username_uniq UNIQUE (jobname, username)
);
ALTER TABLE cron.job ADD COLUMN IF NOT EXISTS since timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON TABLE cron.job IS 'Jobs: what to run, when, and as whom';
COMMENT ON COLUMN cron.job.since IS 'When the job got this schedule or became active; set by a trigger';

CREATE SEQUENCE IF NOT EXISTS cron.runid_seq;
CREATE TABLE IF NOT EXISTS cron.job_run_details (
    jobid bigint,
    runid bigint PRIMARY KEY DEFAULT nextval('cron.runid_seq'),
    job_pid integer,
    database text,
    username text,
    command text,
    status text,
    return_message text,
    start_time timestamptz,
    end_time timestamptz
);
ALTER TABLE cron.job_run_details
    ADD COLUMN IF NOT EXISTS scheduled_for timestamptz,
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0;
-- No scheduled time ever gets two runs, whichever scheduler computes it.
CREATE UNIQUE INDEX IF NOT EXISTS job_run_details_once ON cron.job_run_details (jobid, scheduled_for);
CREATE INDEX IF NOT EXISTS job_run_details_of_job ON cron.job_run_details (jobid, runid);
CREATE INDEX IF NOT EXISTS job_run_details_open ON cron.job_run_details (jobid)
    WHERE status IN ('starting', 'running');
COMMENT ON TABLE cron.job_run_details IS 'Runs of jobs: when, and how each ended';
COMMENT ON COLUMN cron.job_run_details.scheduled_for IS 'The time that the run is for; NULL if it was '
    'started '
    'by hand';
COMMENT ON COLUMN cron.job_run_details.attempts IS 'How often the run was begun: more than once if a '
    'scheduler died during it';

CREATE TABLE IF NOT EXISTS cron.scheduler (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    host text NOT NULL,
    pid integer NOT NULL,
    elected_at timestamptz NOT NULL,
    alive_at timestamptz NOT NULL,
    last_tick timestamptz NOT NULL
);
COMMENT ON TABLE cron.scheduler IS 'The scheduler that led last, and the time up to which all due runs are '
    'in cron.job_run_details';

-- If an administrator lets other roles in, each sees its own jobs. whadmin, which owns the tables, and
-- superusers see all jobs.
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
ALTER TABLE cron.job_run_details ENABLE ROW LEVEL SECURITY;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = 'cron.job'::regclass) THEN
        CREATE POLICY cron_job_policy ON cron.job USING (username = current_user);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = 'cron.job_run_details'::regclass) THEN
        CREATE POLICY cron_job_run_details_policy ON cron.job_run_details USING (username = current_user);
    END IF;
END
$$;
