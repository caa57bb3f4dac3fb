-- A reader of some tenants may use the public views, which show it those tenants alone. This table has no rows: who may read it is such
-- a reader, and the views ask for that.
CREATE TABLE _wh.limited (marker boolean CHECK (false));
COMMENT ON TABLE _wh.limited IS 'Always empty: the roles that may read it are readers of some tenants, and those alone appear to them in the public views';
