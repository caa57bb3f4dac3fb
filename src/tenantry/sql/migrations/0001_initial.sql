-- The tables of the warehouse. No default, check or view here may use a function of _wh:
-- operators may drop all of those with CASCADE and load them again.
CREATE TABLE _wh.tenant_connections (
    tenant_name text PRIMARY KEY CHECK (tenant_name <> ''),
    host text NOT NULL,
    port integer NOT NULL DEFAULT 5432 CHECK (port BETWEEN 1 AND 65535),
    dbname text NOT NULL,
    username text NOT NULL,
    password text CHECK (password IS NULL),
    options jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.tenant_connections IS 'How to reach each tenant''s source database';
COMMENT ON COLUMN _wh.tenant_connections.password IS
    'Write-only: a trigger moves it into the user mapping of the foreign server of the connection. Writing NULL keeps the stored one.';
COMMENT ON COLUMN _wh.tenant_connections.options IS
    'Further libpq keywords, such as {"sslmode": "require"}, and statement_timeout and lock_timeout of the source session';

CREATE TABLE _wh.mv_templates (
    template_name text PRIMARY KEY CHECK (template_name <> ''),
    description text,
    query_template text NOT NULL,
    column_definitions text NOT NULL,
    indexes text,
    storage text NOT NULL DEFAULT 'matview' CHECK (storage IN ('matview', 'partition')),
    time_column text,
    partition_by text NOT NULL DEFAULT 'year' CHECK (partition_by IN ('year', 'month')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.mv_templates IS 'What to extract: query, columns, indexes and storage';

-- column_definitions as PostgreSQL reads them; kept by a trigger on mv_templates.
CREATE TABLE _wh.template_columns (
    template_name text NOT NULL REFERENCES _wh.mv_templates ON UPDATE CASCADE ON DELETE CASCADE,
    position integer NOT NULL,
    column_name text NOT NULL,
    data_type text NOT NULL,
    PRIMARY KEY (template_name, position),
    UNIQUE (template_name, column_name)
);

CREATE TABLE _wh.tenants (
    schema_name text PRIMARY KEY CHECK (schema_name <> ''),
    tenant_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _wh.tenants IS 'Schemas that hold a tenant''s data, with the connection that was used last';

CREATE TABLE _wh.feeds (
    schema_name text NOT NULL REFERENCES _wh.tenants ON UPDATE CASCADE ON DELETE CASCADE,
    -- No reference to mv_templates: create functions that operators wrote themselves have no template.
    template_name text NOT NULL,
    tenant_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema_name, template_name)
);
CREATE INDEX ON _wh.feeds (template_name);
COMMENT ON TABLE _wh.feeds IS 'One template of one tenant; template_name may also be the base name of a create function without a template';

CREATE TABLE _wh.slices (
    schema_name text NOT NULL,
    template_name text NOT NULL,
    slice_date date NOT NULL,
    status text NOT NULL CHECK (status IN ('loaded', 'failed')),
    row_count bigint,
    loaded_at timestamptz,
    duration interval,
    definition_hash text,
    error text,
    failed_at timestamptz,
    PRIMARY KEY (schema_name, template_name, slice_date),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.slices IS 'One UTC day of one feed: what was loaded, and how the last attempt ended';
COMMENT ON COLUMN _wh.slices.definition_hash IS 'md5 of the template''s query and columns when the slice was made; another one calls for a new slice';
COMMENT ON COLUMN _wh.slices.status IS
    'How the last attempt ended. A failed slice with a loaded_at still holds the rows of that earlier load.';

CREATE TABLE _wh.function_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    function_name text NOT NULL,
    log_level text NOT NULL DEFAULT 'INFO',
    message text NOT NULL,
    context jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON _wh.function_logs (created_at);
