CREATE OR REPLACE FUNCTION _wh_internal.note_view(schema_name text, view_name text, body_hash text)
    RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Record the query of a view as a hash, with the version of its rule: any other statement that writes
    -- the view creates another version.
    INSERT INTO _wh.published_views AS v (schema_name, view_name, body_hash, rule, rule_version)
    SELECT note_view.schema_name, note_view.view_name, note_view.body_hash, r.oid, r.xmin FROM pg_rewrite r
    WHERE r.ev_class = format('%I.%I', note_view.schema_name, note_view.view_name)::regclass
        AND r.rulename = '_RETURN'
    ON CONFLICT ON CONSTRAINT published_views_pkey DO UPDATE
        SET body_hash = excluded.body_hash, rule = excluded.rule, rule_version = excluded.rule_version;
$$;
