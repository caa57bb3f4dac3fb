-- When the warehouse was last backed up, and each feed last compared with its source, for those who watch it. A backup
-- holds neither: both say something of this very warehouse.
CREATE TABLE _wh.last_backup (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    made_at timestamptz NOT NULL,
    bytes bigint NOT NULL CHECK (bytes > 0)
);
COMMENT ON TABLE _wh.last_backup IS 'When tenantry backup last wrote a file, and how large it was';

CREATE TABLE _wh.verifications (
    schema_name text NOT NULL,
    template_name text NOT NULL,
    verified_at timestamptz NOT NULL,
    days integer NOT NULL CHECK (days >= 0),
    differing integer NOT NULL CHECK (differing >= 0),
    failed integer NOT NULL CHECK (failed >= 0),
    PRIMARY KEY (schema_name, template_name),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.verifications IS 'How the last comparison of each feed with its source ended';
COMMENT ON COLUMN _wh.verifications.failed IS 'Days that could not be compared';
