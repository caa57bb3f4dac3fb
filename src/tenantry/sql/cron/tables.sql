-- Tenantry's own schema cron, for a database without pg_cron: the tables of pg_cron 1.4, so that the same SQL works. A
-- program of Tenantry's reads them and runs the jobs. Run as whadmin; may be repeated.
COMMENT ON SCHEMA cron IS 'Tenantry: jobs, in the place of the extension pg_cron; DROP SCHEMA cron CASCADE makes room for that';

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
COMMENT ON TABLE cron.job IS 'Jobs: what to run, when, and as whom';

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
COMMENT ON TABLE cron.job_run_details IS 'Runs of jobs: when, and how each ended';

-- Should an administrator let other roles in, each sees its own jobs. whadmin, who owns the tables, and superusers see all.
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
