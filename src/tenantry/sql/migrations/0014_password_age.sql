-- When the password of a source was set; NULL of one that was set before this was kept.
ALTER TABLE _wh.tenant_connections ADD COLUMN password_set_at timestamptz;
COMMENT ON COLUMN _wh.tenant_connections.password_set_at IS 'When another password was stored than before, kept by itself; NULL: not known, or none is stored';
