-- A third storage, for tests: one plain table for each feed. It does what docs/architecture.md asks of a storage, and no more.
INSERT INTO _wh.storages (storage) VALUES ('plain');

CREATE FUNCTION _wh_internal.plain_table(feed _wh.feeds) RETURNS regclass LANGUAGE sql STABLE AS $$
    SELECT c.oid FROM pg_class c WHERE c.relkind = 'r' AND c.oid = _wh_internal.kept_relation(_wh_internal.kept_name(feed)) $$;

CREATE FUNCTION _wh_internal.plain_prepare(feed _wh.feeds, first_day date, last_day date) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    IF _wh_internal.plain_table(feed) IS NULL THEN
        EXECUTE format('CREATE TABLE _wh_data.%I (%s)', _wh_internal.kept_name(feed), _wh_internal.declared_columns(feed.template_name));
        EXECUTE _wh_internal.kept_indexes(feed, _wh_internal.find_template(feed.template_name), _wh_internal.kept_name(feed));
        PERFORM _wh_internal.show_table(feed);
    END IF; END $$;

CREATE FUNCTION _wh_internal.plain_load(feed _wh.feeds, template _wh.mv_templates, day date, OUT action text, OUT row_count bigint) LANGUAGE plpgsql AS $$ BEGIN
    PERFORM _wh_internal.plain_publish_tenant(feed);
    EXECUTE format('CREATE TEMPORARY TABLE plain_day ON COMMIT DROP AS %s', _wh_internal.source_select(feed, template, day));
    row_count := _wh_internal.refuse_foreign_rows('pg_temp.plain_day', template, day);
    PERFORM _wh_internal.merge_days(feed, template, _wh_internal.plain_table(feed), 'pg_temp.plain_day', day, day);
    DROP TABLE pg_temp.plain_day;
    action := 'refreshed'; END $$;

CREATE FUNCTION _wh_internal.plain_publish_tenant(feed _wh.feeds) RETURNS boolean LANGUAGE sql AS $$
    SELECT _wh_internal.fit_columns(_wh_internal.find_template(feed.template_name), _wh_internal.plain_table(feed));
    SELECT _wh_internal.show_table(feed) $$;

CREATE FUNCTION _wh_internal.plain_public_rows(template _wh.mv_templates, feeds _wh.feeds[]) RETURNS text LANGUAGE sql AS $$
    SELECT _wh_internal.union_rows(template, feeds) $$;

-- Its days are those on record.
CREATE FUNCTION _wh_internal.plain_relations(feed _wh.feeds, only_daily boolean, OUT relid oid, OUT relname text, OUT first_day date, OUT last_day date,
    OUT daily boolean, OUT folded boolean, OUT trusted boolean, OUT leftover boolean) RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT c.oid, c.relname::text, coalesce(min(s.slice_date), CURRENT_DATE), coalesce(max(s.slice_date), CURRENT_DATE), false, false, false, false
    FROM pg_class c LEFT JOIN _wh.slices s ON (s.schema_name, s.template_name) = (feed.schema_name, feed.template_name)
    WHERE c.oid = _wh_internal.plain_table(feed) AND only_daily IS NOT TRUE GROUP BY c.oid $$;

CREATE FUNCTION _wh_internal.plain_holder(feed _wh.feeds, day date, OUT relid oid, OUT alone boolean) LANGUAGE sql STABLE AS $$
    SELECT _wh_internal.plain_table(feed)::oid, false $$;

CREATE FUNCTION _wh_internal.plain_sources(feed _wh.feeds, since date, until date, OUT relid oid, OUT first_day date, OUT last_day date, OUT alone boolean)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT t::oid, since, until, false FROM _wh_internal.plain_table(feed) t WHERE t IS NOT NULL $$;

CREATE FUNCTION _wh_internal.plain_unfit(feed _wh.feeds, template _wh.mv_templates, OUT kind text, OUT relname text, OUT slice_date date)
RETURNS SETOF record LANGUAGE sql STABLE AS $$ SELECT NULL, NULL, NULL::date WHERE false $$;

CREATE FUNCTION _wh_internal.plain_move_out(feed _wh.feeds) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    -- move_switch renames the table with its rows.
    END $$;

CREATE FUNCTION _wh_internal.plain_move_in(feed _wh.feeds, side _wh.feeds, folded integer[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM _wh_internal.plain_prepare(feed, NULL, NULL);
    EXECUTE format('INSERT INTO %s SELECT * FROM _wh_data.%2$I; DROP TABLE _wh_data.%2$I', _wh_internal.plain_table(feed),
        _wh_internal.kept_name(side));
    PERFORM _wh_internal.bind_days(feed, r.relid, r.first_day, r.last_day, '{}') FROM _wh_internal.plain_relations(feed, NULL) r; END $$;
