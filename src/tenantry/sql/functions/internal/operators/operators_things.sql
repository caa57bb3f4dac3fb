CREATE OR REPLACE FUNCTION _wh_internal.operators_things(relations oid[], fresh regclass DEFAULT NULL)
RETURNS TABLE (relid oid, item text, kinds text, column_name text, before text, after text, rank integer,
    named boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- All that operators may have added to relations that Tenantry replaces. `item` describes it, and
    -- `before` and `after` are the parts of the statement around the relation's name that adds it to another
    -- one; without `before`, `after` is the shape of an existing index (put_back). `kinds` are the kinds of
    -- relations that accept it (pg_class.relkind); an item with several rows fits if one of them does. In
    -- order of `rank`; `named`: the statement needs a name that is unique in the schema, not in the
    -- relation.
    SELECT r.*, 1, false FROM _wh_internal.operators_columns(relations) r
    UNION ALL SELECT r.*, 2, r.item ~ '^(key|statistics) ' FROM _wh_internal.operators_objects(relations) r
    UNION ALL SELECT r.*, 3, true FROM _wh_internal.operators_indexes(relations, fresh) r
    UNION ALL SELECT r.*, CASE r.item WHEN 'owner' THEN 6 ELSE 4 END, false
        FROM _wh_internal.operators_settings(relations) r
    UNION ALL SELECT r.*, 5, false FROM _wh_internal.operators_rights(relations) r
$$;
