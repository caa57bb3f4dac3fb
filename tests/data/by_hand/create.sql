-- A warehouse as operators made it by hand before there was Tenantry, written from their manual: roles, rights, tables.
-- Run by the administrator. Jobs, tenants and days follow in the other files.
CREATE EXTENSION IF NOT EXISTS dblink;
CREATE ROLE whadmin LOGIN PASSWORD 'whadmin-by-hand' CREATEROLE CREATEDB;
CREATE ROLE phood_ro LOGIN PASSWORD 'phood_ro-by-hand' CREATEDB;
CREATE ROLE analyst_rw LOGIN PASSWORD 'analyst-by-hand';
GRANT whadmin, analyst_rw TO CURRENT_USER;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"database" TO whadmin;
GRANT ALL ON SCHEMA public TO whadmin;
GRANT USAGE ON SCHEMA public TO PUBLIC;
DO $$
BEGIN
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO whadmin;
EXCEPTION WHEN insufficient_privilege THEN
    NULL; -- On RDS, the functions of dblink belong to another role.
END
$$;

CREATE SCHEMA _wh;
GRANT ALL ON SCHEMA _wh TO whadmin;
CREATE TABLE _wh.tenant_connections (
    tenant_name VARCHAR(100) PRIMARY KEY,
    host VARCHAR(255) NOT NULL,
    port INTEGER NOT NULL DEFAULT 5432,
    dbname VARCHAR(100) NOT NULL,
    username VARCHAR(100) NOT NULL,
    password VARCHAR(255) NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE _wh.mv_templates (
    template_name VARCHAR(100) PRIMARY KEY,
    description TEXT,
    query_template TEXT NOT NULL,
    column_definitions TEXT NOT NULL,
    indexes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE _wh.function_logs (
    id SERIAL PRIMARY KEY,
    function_name TEXT,
    log_level TEXT,
    message TEXT,
    context JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
GRANT ALL ON ALL TABLES IN SCHEMA _wh TO whadmin;
GRANT ALL ON ALL SEQUENCES IN SCHEMA _wh TO whadmin;

-- The analysts' own place, which is none of the warehouse's business.
CREATE SCHEMA workspace;
GRANT ALL ON SCHEMA workspace TO analyst_rw;
GRANT USAGE ON SCHEMA workspace TO phood_ro;
CREATE TABLE workspace.targets (store TEXT PRIMARY KEY, target NUMERIC);
INSERT INTO workspace.targets VALUES ('Store 1', 10), ('Store 2', 20);
ALTER TABLE workspace.targets OWNER TO analyst_rw;
