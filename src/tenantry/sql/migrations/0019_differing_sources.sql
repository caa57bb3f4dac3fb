-- Sources may differ: a tenant's source can be asked with a query of its own, which returns the template's columns.
CREATE TABLE _wh.template_overrides (
    template_name text NOT NULL,
    schema_name text NOT NULL,
    query_template text NOT NULL,
    columns text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema_name, template_name),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.template_overrides IS 'Tenants whose sources are asked with a query of their own instead of the template''s';
COMMENT ON COLUMN _wh.template_overrides.columns IS 'The template''s columns when the query was stored; if they have changed since, the query may no longer return them';

-- How many ended days the nightly window pulls again, for rows that come late. Jobs that name a number keep it.
ALTER TABLE _wh.mv_templates ADD COLUMN lookback integer NOT NULL DEFAULT 14 CHECK (lookback BETWEEN 1 AND 3660);
COMMENT ON COLUMN _wh.mv_templates.lookback IS 'How many ended days a window without a number of days pulls again';
