-- Storages in which tenants share tables: "shared" on one server, "distributed" on a Citus cluster.
ALTER TABLE _wh.storages
    ADD COLUMN shared boolean NOT NULL DEFAULT false,
    ADD COLUMN distributed boolean NOT NULL DEFAULT false CHECK (shared OR NOT distributed),
    ADD COLUMN base text REFERENCES _wh.storages CHECK (base <> storage);
COMMENT ON COLUMN _wh.storages.shared IS 'Its tables hold the rows of all tenants, told apart by a column schema_name';
COMMENT ON COLUMN _wh.storages.distributed IS 'Citus spreads its tables over the nodes of a cluster';
COMMENT ON COLUMN _wh.storages.base IS 'The storage whose functions carry out what it has no function of its own for';

INSERT INTO _wh.storages (storage, streams, by_month, needs_time_column, steady, united, shared, distributed, base)
VALUES
    ('shared', true, true, true, true, true, true, false, NULL),
    ('distributed', true, true, true, true, true, true, true, 'shared');
