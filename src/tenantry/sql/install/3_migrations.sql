-- The ledger of migrations. Run as whadmin.
CREATE TABLE IF NOT EXISTS _wh.migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.migrations IS 'Migrations that were applied to this database, each once, in one '
    'transaction with its row here';
