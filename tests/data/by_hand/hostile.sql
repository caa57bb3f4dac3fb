-- What people build on such a warehouse, with everything that PostgreSQL lets them. Run by the administrator.
CREATE FUNCTION workspace.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;

-- A definition that only looks like a call of dblink.
CREATE MATERIALIZED VIEW acme.pretends AS SELECT 'dblink('::text AS "dblink('", 'password=x'::text AS password,
    'SELECT * FROM dblink(''host=x password=y''::text, ''SELECT 1''::text) t(id integer);'::text AS note;

-- A yearly table with rules, triggers, rights on a column and comments.
CREATE RULE nothing_is_deleted AS ON DELETE TO acme.foodlogstats_2024 DO INSTEAD NOTHING;
CREATE TRIGGER touched BEFORE UPDATE ON acme.foodlogstats_2024 FOR EACH ROW EXECUTE FUNCTION workspace.touch();
ALTER TABLE acme.foodlogstats_2024 ADD CONSTRAINT positive CHECK (quantity >= 0) NOT VALID;
GRANT SELECT (id), UPDATE (store) ON acme.foodlogstats_2024 TO analyst_rw;
COMMENT ON TABLE acme.foodlogstats_2024 IS 'The year''s "truth"';
COMMENT ON COLUMN acme.foodlogstats_2024.store IS $c$who's $$ store$c$;

-- Views of all kinds: on the tenant's view, on a year, on a day that shows a password.
CREATE VIEW acme.guarded WITH (security_barrier) AS SELECT id, store FROM acme.foodlogstats WHERE store <> 'Store 1';
CREATE VIEW workspace.editable AS SELECT id, store FROM acme.foodlogstats_2024 WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW workspace."of 'one' day" ("the ""id""", weight) WITH (security_barrier) AS SELECT id, weight FROM acme.foodlogstats_2025_01_03;
CREATE VIEW workspace.invoked WITH (security_invoker) AS SELECT id FROM public.foodlogstats;
CREATE TRIGGER written INSTEAD OF INSERT ON public.heavy FOR EACH ROW EXECUTE FUNCTION workspace.touch();
CREATE RULE ignored AS ON UPDATE TO workspace."of 'one' day" DO INSTEAD NOTHING;
ALTER VIEW public.heavy ALTER COLUMN weight SET DEFAULT 7;
GRANT SELECT (id, weight) ON public.heavy TO analyst_rw WITH GRANT OPTION;
GRANT SELECT ("the ""id""") ON workspace."of 'one' day" TO PUBLIC;
COMMENT ON COLUMN workspace."of 'one' day"."the ""id""" IS $c$it's "the" \ id$c$;
COMMENT ON VIEW acme.guarded IS E'two\nlines';
GRANT SELECT ON acme.foodlogstats TO analyst_rw;
GRANT USAGE ON SCHEMA acme TO analyst_rw;
ALTER VIEW workspace."of 'one' day" OWNER TO analyst_rw;
ALTER VIEW public.heavy OWNER TO analyst_rw;
