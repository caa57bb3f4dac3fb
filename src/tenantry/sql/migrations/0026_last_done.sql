-- When the warehouse was last backed up, for those who watch it. A backup does not hold it: it says something of this very
-- warehouse.
CREATE TABLE _wh.last_backup (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    made_at timestamptz NOT NULL,
    bytes bigint NOT NULL CHECK (bytes > 0)
);
COMMENT ON TABLE _wh.last_backup IS 'When tenantry backup last wrote a file, and how large it was';
