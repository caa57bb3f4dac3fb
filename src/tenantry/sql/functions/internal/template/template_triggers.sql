CREATE OR REPLACE FUNCTION _wh_internal.keep_template_columns() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Store the columns and indexes of a template as parts. Everything that uses them is built from the parts,
-- never from a template's text.
DECLARE
    time_type text;
    taken text;
    without_xml text;
BEGIN
    IF TG_OP = 'INSERT' OR NEW.column_definitions IS DISTINCT FROM OLD.column_definitions THEN
        PERFORM _wh_internal.keep_columns(NEW);
    END IF;
    IF NEW.column_definitions IS NOT NULL THEN
        SELECT min(c.column_name) INTO taken FROM _wh.template_columns c
            WHERE c.template_name = NEW.template_name
            AND (c.column_name IN ('schema_name', 'tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax')
                OR c.column_name = 'slice_date' AND NEW.time_column IS NULL);
        IF taken IS NOT NULL THEN
            RAISE EXCEPTION 'template "%": the name of column "%" is taken: %', NEW.template_name, taken,
                CASE taken
                    WHEN 'schema_name' THEN 'the public view uses it for the tenant' WHEN 'slice_date'
                    THEN 'without a time_column, yearly tables use it for the day'
                    ELSE 'every PostgreSQL table has a system column with this name' END
                USING ERRCODE = 'duplicate_column',
                    HINT = 'Give it another name in the query, with AS, and in column_definitions.';
        END IF;
        SELECT min(c.column_name) INTO without_xml FROM _wh.template_columns c
            WHERE c.template_name = NEW.template_name AND c.data_type IN ('xml', 'xml[]');
        IF without_xml IS NOT NULL THEN
            BEGIN
                PERFORM '<a/>'::xml;
            EXCEPTION WHEN feature_not_supported THEN
                RAISE EXCEPTION 'template "%": column "%" is of type xml, but this server was built without '
                    'it', NEW.template_name, without_xml
                    USING ERRCODE = 'feature_not_supported', HINT = 'Declare the column as text.';
            END;
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR (NEW.indexes, NEW.column_definitions) IS DISTINCT
        FROM (OLD.indexes, OLD.column_definitions) THEN
        BEGIN
            PERFORM _wh_internal.keep_template_indexes(NEW);
        EXCEPTION WHEN undefined_column THEN
            -- The columns may be changed after the indexes. Until then no load can succeed, and doctor says
            -- why.
            UPDATE _wh.template_indexes i SET position = NULL WHERE i.template_name = NEW.template_name;
            RAISE WARNING '%', SQLERRM;
        END;
    END IF;
    IF NEW.time_column IS NOT NULL THEN
        SELECT c.data_type INTO time_type FROM _wh.template_columns c
        WHERE c.template_name = NEW.template_name AND c.column_name = NEW.time_column;
        IF time_type IS NULL OR time_type !~ '^(date|timestamp)' THEN
            RAISE EXCEPTION 'template "%": time_column "%" is not one of its date or timestamp columns',
                NEW.template_name, NEW.time_column
                USING ERRCODE = 'undefined_column';
        END IF;
    ELSIF EXISTS (SELECT FROM _wh.feeds f JOIN _wh.storages s USING (storage)
        WHERE f.template_name = NEW.template_name AND s.needs_time_column) THEN
        RAISE EXCEPTION 'template "%": its tenants are kept in a storage that needs a time_column',
            NEW.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Move them first: tenantry template set-storage %s %s', NEW.template_name,
                    (SELECT min(s.storage) FROM _wh.storages s WHERE NOT s.needs_time_column));
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER keep_template_columns AFTER INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.keep_template_columns();

CREATE OR REPLACE FUNCTION _wh_internal.check_template_query() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Every query must pass this check, no matter who writes it. Queries from before this check existed keep a
-- refusal (see 6_template_parts.sql) until they are corrected.
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.query_template = OLD.query_template
        AND (NEW.refusal IS NOT NULL OR OLD.refusal IS NULL) THEN
        RETURN NEW;
    END IF;
    IF NEW.template_name = 'tenantry_freshness' THEN
        RAISE EXCEPTION 'template name "%" is reserved for a view of Tenantry''s in public',
            NEW.template_name USING ERRCODE = 'reserved_name', HINT = 'Choose another name.';
    END IF;
    NEW.refusal := NULL;
    PERFORM _wh_internal.refuse_query(NEW.query_template);
    RETURN NEW;
EXCEPTION WHEN syntax_error THEN
    RAISE EXCEPTION 'template "%": its query cannot be read: %', NEW.template_name, SQLERRM
        USING ERRCODE = SQLSTATE,
        HINT = 'A template is one SELECT, with its quotes, comments and parentheses closed.';
END
$$;

CREATE OR REPLACE TRIGGER check_template_query BEFORE INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_template_query();

CREATE OR REPLACE FUNCTION _wh_internal.choose_storage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- An UPDATE that sets the storage chooses it; NULL leaves the choice to the time column again.
BEGIN
    NEW.storage_chosen := NEW.storage IS NOT NULL;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER choose_storage BEFORE UPDATE OF storage ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.choose_storage();

CREATE OR REPLACE FUNCTION _wh_internal.follow_time_column() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The storage of a template that says none. Partitions are the better storage, and need a time column to tell
-- days apart.
BEGIN
    NEW.storage_chosen := coalesce(NEW.storage_chosen, NEW.storage IS NOT NULL);
    IF NOT NEW.storage_chosen THEN
        NEW.storage := CASE WHEN NEW.time_column IS NULL THEN 'matview' ELSE 'partition' END;
    END IF;
    RETURN NEW;
END
$$;

-- After choose_storage, since triggers fire in the order of their names.
CREATE OR REPLACE TRIGGER follow_time_column BEFORE INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.follow_time_column();
