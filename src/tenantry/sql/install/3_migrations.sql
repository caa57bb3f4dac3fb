-- The ledger of migrations. Run as whadmin.
CREATE TABLE IF NOT EXISTS _wh.migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.migrations IS 'Migrations that this database has had; each is applied once, in its own '
    'transaction with its row here';
