CREATE OR REPLACE FUNCTION _wh_internal.storage_set(template_name text, schema_name text, storage text)
RETURNS _wh.feeds
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Record the storage of a feed; without a schema, the storage of the template's new feeds. Moves no rows:
-- the caller has done that.
DECLARE
    feed _wh.feeds;
BEGIN
    IF schema_name IS NULL THEN
        UPDATE _wh.mv_templates t SET storage = storage_set.storage
        WHERE t.template_name = storage_set.template_name
            AND (t.storage, t.storage_chosen) <> (storage_set.storage, true);
        RETURN NULL;
    END IF;
    UPDATE _wh.feeds f SET storage = storage_set.storage
    WHERE f.schema_name = storage_set.schema_name AND f.template_name = storage_set.template_name
        RETURNING f.* INTO feed;
    RETURN feed;
END
$$;
