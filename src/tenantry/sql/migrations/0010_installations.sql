-- Which version of the program made the functions, so that an older one does not work with them, nor replace them.
CREATE TABLE _wh.installations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL,
    functions text NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    installed_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE _wh.installations IS 'Versions of Tenantry that made the functions here; the last row is of those that are there now';
COMMENT ON COLUMN _wh.installations.functions IS 'A hash of their text: builds that are not released have the same version';
