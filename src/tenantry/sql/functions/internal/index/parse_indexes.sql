CREATE OR REPLACE FUNCTION _wh_internal.parse_indexes(template _wh.mv_templates)
    RETURNS SETOF _wh.template_indexes
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let PostgreSQL itself read a template's indexes: make them on an empty table with its columns, and ask the
-- catalog what they are. The statements are ours, made of what read_indexes finds in the text; that is the
-- only place where a part of it is run. Relations get theirs from the parts (index_statements). Raises what
-- is wrong with the text.
DECLARE
    columns text := _wh_internal.declared_columns(template.template_name);
    -- Words that stand for the placeholders: one that neither text nor columns have, and the schema that any
    -- temporary table is in.
    view_name text := 'tq' || (SELECT n FROM generate_series(0, length(template.indexes || columns)) n
        WHERE strpos(lower(template.indexes || columns), 'tq' || n) = 0 LIMIT 1);
    scratch text := 'pg_temp.' || view_name;
    statements jsonb;
    statement record;
    place integer := 0;
    seen oid[] := '{}'::oid[];
    found oid;
    part _wh.template_indexes;
BEGIN
    IF template.indexes IS NULL THEN
        RETURN;
    END IF;
    IF lower(template.indexes) LIKE E'%pg\\_temp%' THEN
        RAISE EXCEPTION 'template "%": indexes cannot name pg_temp', template.template_name
            USING ERRCODE = 'invalid_object_definition';
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE %I (%s)', view_name, columns);
    BEGIN
        SELECT jsonb_agg(s) INTO statements
        FROM _wh_internal.read_indexes(replace(replace(template.indexes, '{SCHEMA}', 'pg_temp'),
            '{VIEW_NAME}', view_name), view_name) s;
    EXCEPTION WHEN syntax_error THEN
        RAISE EXCEPTION 'template "%": an index cannot be made: %', template.template_name, SQLERRM
            USING ERRCODE = SQLSTATE;
    END;
    FOR statement IN
        SELECT s.head, s.index_name, s.rest,
        replace(replace(s.statement, view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}') AS said
        FROM jsonb_to_recordset(statements) AS s (head text, index_name text, rest text, statement text)
    LOOP
        place := place + 1;
        IF statement.head IS NULL THEN
            RAISE EXCEPTION 'template "%": this is not a CREATE INDEX: %', template.template_name,
                left(statement.said, 80)
                USING ERRCODE = 'invalid_object_definition',
                    HINT = 'Only CREATE [UNIQUE] INDEX statements may stand in indexes.';
        ELSIF statement.rest IS NULL THEN
            RAISE EXCEPTION 'template "%": this makes no index on {SCHEMA}.{VIEW_NAME}: %',
                template.template_name, left(statement.said, 80)
                USING ERRCODE = 'invalid_object_definition',
                    HINT = 'Write CREATE INDEX … ON {SCHEMA}.{VIEW_NAME} (…), each with a name of its own or '
                    'none.';
        END IF;
        BEGIN
            PERFORM _wh_internal.refuse_strangers(statement.rest, view_name);
            EXECUTE format('%s %s ON %s%s', statement.head, statement.index_name, scratch, statement.rest);
            SELECT i.indexrelid INTO found FROM pg_index i
                WHERE i.indrelid = scratch::regclass AND i.indexrelid <> ALL (seen);
            PERFORM _wh_internal.refuse_dependence(found);
        EXCEPTION WHEN OTHERS THEN
            RAISE EXCEPTION 'template "%": an index cannot be made: %', template.template_name,
                    replace(replace(SQLERRM, view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}')
                USING ERRCODE = SQLSTATE, HINT = 'It is ' || statement.said;
        END;
        seen := seen || found;
        SELECT template.template_name,
            replace(replace(c.relname::text, view_name, '{VIEW_NAME}'), 'pg_temp', '{SCHEMA}'), NULL, place,
            i.indisunique,
            replace(replace(_wh_internal.index_definition(c.oid), view_name, '{VIEW_NAME}'), 'pg_temp',
                '{SCHEMA}'),
            CASE WHEN i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL THEN (
                SELECT array_agg(a.attname::text ORDER BY k.n)
                FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE k.n <= i.indnkeyatts) END
        INTO part FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid = found;
        IF strpos(part.index_name, '{VIEW_NAME}') = 0 THEN
            RAISE EXCEPTION 'template "%": the index has the same name "%" for every day, but only one can '
                'have it',
                template.template_name, part.index_name
                USING ERRCODE = 'invalid_object_definition',
                    HINT = 'Write {VIEW_NAME} into its name, or give it none.';
        ELSIF EXISTS (SELECT FROM pg_class c WHERE c.oid = found AND c.reltablespace <> 0) THEN
            RAISE EXCEPTION 'template "%": the index "%" names a tablespace', template.template_name,
                part.index_name
                USING ERRCODE = 'feature_not_supported',
                    HINT = 'Take TABLESPACE away: indexes are made in the database''s own.';
        ELSIF EXISTS (SELECT FROM _wh_internal.tokens(part.definition) t
            WHERE t.word = '{' AND t.kind = 'sign' OR t.word ~ E'^[eE]''.*[{](?:SCHEMA|VIEW_NAME)[}]') THEN
            -- A name that is put there could end the string.
            RAISE EXCEPTION 'template "%": a placeholder stands in a string with backslashes: %',
                template.template_name, left(statement.said, 80)
                USING ERRCODE = 'feature_not_supported',
                    HINT = 'Put the placeholder into a string of its own, and join them with ||.';
        END IF;
        part.fingerprint := _wh_internal.index_fingerprint(part.is_unique, part.definition);
        RETURN NEXT part;
    END LOOP;
    EXECUTE 'DROP TABLE ' || scratch;
END
$$;
