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
