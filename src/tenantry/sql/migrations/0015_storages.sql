-- The ways in which a feed may be kept, and what each can do. A storage is a row here, and functions in _wh_internal that are called
-- by its name and an operation. What exists is decided here, not by checks that list names.
CREATE TABLE _wh.storages (
    storage text PRIMARY KEY CHECK (storage ~ '^[a-z][a-z0-9_]{0,30}$'),
    streams boolean NOT NULL DEFAULT false,
    daily boolean NOT NULL DEFAULT false,
    by_month boolean NOT NULL DEFAULT false,
    needs_time_column boolean NOT NULL DEFAULT true,
    tenant_kind "char" NOT NULL CHECK (tenant_kind IN ('v', 'p', 'r')),
    public_kind "char" NOT NULL DEFAULT 'v' CHECK (public_kind IN ('v', 'p'))
);
COMMENT ON TABLE _wh.storages IS 'The ways in which a feed may be kept, and what each can do';
COMMENT ON COLUMN _wh.storages.streams IS 'The loader may copy several days at once straight into its tables';
COMMENT ON COLUMN _wh.storages.daily IS 'Each day is a relation of its own until its year is folded';
COMMENT ON COLUMN _wh.storages.by_month IS 'Its tables follow the template''s partition_by; without it, a table holds a year or more';
COMMENT ON COLUMN _wh.storages.needs_time_column IS 'Days are told apart by the template''s time_column alone';
COMMENT ON COLUMN _wh.storages.tenant_kind IS 'What a tenant''s reports read: v, a view of what is kept; p or r, the table itself';
COMMENT ON COLUMN _wh.storages.public_kind IS 'What unites the tenants of a template while all are kept so: v, a view; p, a partitioned table';

INSERT INTO _wh.storages (storage, streams, daily, by_month, needs_time_column, tenant_kind, public_kind) VALUES
    ('matview', false, true, false, false, 'v', 'v'),
    ('partition', true, false, true, true, 'p', 'p');

ALTER TABLE _wh.mv_templates DROP CONSTRAINT mv_templates_storage_check, ADD FOREIGN KEY (storage) REFERENCES _wh.storages;
ALTER TABLE _wh.feeds DROP CONSTRAINT feeds_storage_check, ADD FOREIGN KEY (storage) REFERENCES _wh.storages;
