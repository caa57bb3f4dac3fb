-- Logins that see only some tenants, and what a warehouse that was restored from a backup is still to be filled with.
CREATE TABLE _wh.readers (
    reader_name text PRIMARY KEY CHECK (reader_name <> ''),
    tenants text[],
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.readers IS 'Roles that tenantry reader made';
COMMENT ON COLUMN _wh.readers.tenants IS 'The schemas that the role may read; NULL: all, and the public views';

CREATE TABLE _wh.rebuilds (
    schema_name text NOT NULL,
    template_name text NOT NULL,
    first_day date,
    last_day date,
    row_count bigint NOT NULL DEFAULT 0,
    seconds double precision NOT NULL DEFAULT 0,
    folded_years integer[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (schema_name, template_name),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.rebuilds IS 'Feeds that were restored without their data, and what they held when the backup was made';

CREATE TABLE _wh.restored_jobs (
    jobid bigint PRIMARY KEY,
    restored_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.restored_jobs IS 'Jobs that wait for their tenants'' data to be pulled again';
