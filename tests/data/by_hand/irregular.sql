-- What years of work by hand leave behind. Each block is one irregularity; :"tenants" have their days already.

-- An impossible date: a name that looks like a day and is none.
SELECT replace(pg_get_viewdef('acme.foodlogstats_2025_01_02'::regclass), '2025-01-02', '2024-03-01') AS definition \gset
CREATE MATERIALIZED VIEW acme.foodlogstats_2024_02_30 AS :definition
-- A day without its unique index.
DROP INDEX acme.idx_acme_foodlogstats_2025_01_03_id;
-- A day that whadmin made, among the administrator's.
ALTER MATERIALIZED VIEW acme.foodlogstats_2025_01_04 OWNER TO whadmin;
-- Days of a template that was deleted.
CREATE MATERIALIZED VIEW acme.shifts_2025_01_01 AS SELECT 1 AS id, TIMESTAMPTZ '2025-01-01 08:00Z' AS started;
CREATE MATERIALIZED VIEW acme.shifts_2025_01_02 AS SELECT 2 AS id, TIMESTAMPTZ '2025-01-02 08:00Z' AS started;
CREATE VIEW acme.shifts AS SELECT id, started FROM acme.shifts_2025_01_01 UNION ALL SELECT id, started FROM acme.shifts_2025_01_02;
-- A yearly table that lacks a column that later days have.
SELECT replace(pg_get_viewdef('acme.foodlogstats'::regclass), 'foodlogstats_2023.client', 'NULL::text AS client') AS definition \gset
CREATE OR REPLACE VIEW acme.foodlogstats AS :definition
ALTER TABLE acme.foodlogstats_2023 DROP COLUMN client;
-- A table beside the days of the same year.
CREATE TABLE acme.foodlogstats_2025_notes (day date, note text);
INSERT INTO acme.foodlogstats_2025_notes VALUES ('2025-01-02', 'scale was broken');
-- A schema without a view.
CREATE SCHEMA empty_shop;
GRANT USAGE ON SCHEMA empty_shop TO phood_ro;
-- Views and a table of people's own on top of the warehouse's.
CREATE VIEW workspace.weekly AS
    SELECT date_trunc('week', logged_time) AS week, sum(weight) AS weight FROM public.foodlogstats GROUP BY 1;
CREATE VIEW workspace.acme_second AS SELECT id, weight FROM acme.foodlogstats_2025_01_02;
CREATE VIEW public.heavy AS SELECT schema_name, id, weight FROM public.foodlogstats WHERE weight > 10;
GRANT SELECT ON public.heavy TO phood_ro;
COMMENT ON VIEW public.foodlogstats IS 'Everything that was thrown away';
GRANT SELECT ON acme.foodlogstats TO analyst_rw;

-- What operators added to the manual's schema, and a view of theirs on it.
CREATE TABLE _wh.on_call (who text, since date);
INSERT INTO _wh.on_call VALUES ('Ada', '2025-01-01');
ALTER TABLE _wh.mv_templates ADD COLUMN owner_team text;
CREATE FUNCTION _wh.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON _wh.mv_templates FOR EACH ROW EXECUTE FUNCTION _wh.touch();
SELECT _wh.log_info('nightly', 'all is well'), _wh.log_error('nightly', 'could not connect: "password=reads-the-source"');
