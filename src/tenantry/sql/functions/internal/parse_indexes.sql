CREATE OR REPLACE FUNCTION _wh_internal.parse_indexes(template _wh.mv_templates) RETURNS SETOF _wh.template_indexes
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let PostgreSQL itself read a template's indexes: make them on an empty table with its columns, and ask the catalog what
-- they are. That is the only place where their text is run; relations get theirs from the parts (index_statements). Raises
-- what is wrong with the text.
DECLARE
    -- Words that stand for the placeholders, in quotes or without: one that the text does not have, and the schema that any
    -- temporary table is in.
    view_name text := 'tq' || (SELECT min(n) FROM generate_series(0, 99999) n WHERE strpos(lower(template.indexes), 'tq' || n) = 0);
    scratch text := 'pg_temp.' || view_name;
    statement text;
    place integer := 0;
    seen oid[] := '{}'::oid[];
    found oid[];
    part _wh.template_indexes;
    failure text;
BEGIN
    IF template.indexes IS NULL THEN
        RETURN;
    END IF;
    IF lower(template.indexes) LIKE E'%pg\\_temp%' THEN
        RAISE EXCEPTION 'template "%": indexes cannot name pg_temp', template.template_name USING ERRCODE = 'invalid_object_definition';
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE %I (%s)', view_name, (SELECT string_agg(format('%I %s', c.column_name, c.data_type), ', ' ORDER BY c.position)
        FROM _wh.template_columns c WHERE c.template_name = template.template_name));
    FOREACH statement IN ARRAY _wh_internal.split_statements(template.indexes) LOOP
        place := place + 1;
        IF statement !~* E'^create\\s+(unique\\s+)?index\\M' THEN
            RAISE EXCEPTION 'template "%": this is no CREATE INDEX: %', template.template_name, left(statement, 80)
                USING ERRCODE = 'invalid_object_definition', HINT = 'Only CREATE [UNIQUE] INDEX statements may stand in indexes.';
        END IF;
        BEGIN
            EXECUTE replace(replace(statement, '{SCHEMA}', 'pg_temp'), '{VIEW_NAME}', view_name);
        EXCEPTION WHEN OTHERS THEN
            failure := replace(replace(SQLERRM, view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}');
            RAISE EXCEPTION 'template "%": an index cannot be made: %', template.template_name, failure
                USING ERRCODE = SQLSTATE, HINT = 'It is ' || statement;
        END;
        found := ARRAY(SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = scratch::regclass AND i.indexrelid <> ALL (seen));
        IF cardinality(found) <> 1 THEN
            RAISE EXCEPTION 'template "%": this makes no index on {SCHEMA}.{VIEW_NAME}: %', template.template_name, left(statement, 80)
                USING ERRCODE = 'invalid_object_definition', HINT = 'Write CREATE INDEX … ON {SCHEMA}.{VIEW_NAME} (…), each with a name of its own or none.';
        END IF;
        seen := seen || found;
        SELECT template.template_name, replace(replace(c.relname::text, view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}'), NULL, place, i.indisunique,
            replace(replace(_wh_internal.index_definition(c.oid), view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}'),
            CASE WHEN i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL THEN (
                SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts) END
        INTO part FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid = found[1];
        IF strpos(part.index_name, '{VIEW_NAME}') = 0 THEN
            RAISE EXCEPTION 'template "%": the index has the same name "%" for every day, which only the first can have',
                template.template_name, part.index_name
                USING ERRCODE = 'invalid_object_definition', HINT = 'Write {VIEW_NAME} into its name, or give it none.';
        ELSIF EXISTS (SELECT FROM pg_class c WHERE c.oid = found[1] AND c.reltablespace <> 0) THEN
            RAISE EXCEPTION 'template "%": the index "%" names a tablespace', template.template_name, part.index_name
                USING ERRCODE = 'feature_not_supported', HINT = 'Take TABLESPACE away: indexes are made in the database''s own.';
        END IF;
        part.fingerprint := _wh_internal.index_fingerprint(part.is_unique, part.definition);
        RETURN NEXT part;
    END LOOP;
    EXECUTE 'DROP TABLE ' || scratch;
END
$$;
