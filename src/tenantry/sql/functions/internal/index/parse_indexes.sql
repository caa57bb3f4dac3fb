CREATE OR REPLACE FUNCTION _wh_internal.parse_indexes(template _wh.mv_templates)
    RETURNS SETOF _wh.template_indexes
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let PostgreSQL itself read a template's indexes: create them on an empty table with its columns, and ask
-- the catalog what they are. The statements are Tenantry's own, built from what read_indexes finds in the
-- text; nowhere else is a part of that text executed. Relations get their indexes from the parts
-- (index_statements). Raises an error that says what is wrong with the text.
DECLARE
    columns text := _wh_internal.declared_columns(template.template_name);
    -- Names that stand for the placeholders: one that occurs neither in the text nor in the columns, and the
    -- schema of temporary tables.
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
        RAISE EXCEPTION 'template "%": an index cannot be created: %', template.template_name, SQLERRM
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
                    HINT = 'indexes may contain only CREATE [UNIQUE] INDEX statements.';
        ELSIF statement.rest IS NULL THEN
            RAISE EXCEPTION 'template "%": this does not create an index on {SCHEMA}.{VIEW_NAME}: %',
                template.template_name, left(statement.said, 80)
                USING ERRCODE = 'invalid_object_definition',
                    HINT = 'Write CREATE INDEX … ON {SCHEMA}.{VIEW_NAME} (…), each with its own name or '
                    'without a name.';
        END IF;
        BEGIN
            PERFORM _wh_internal.refuse_strangers(statement.rest, view_name);
            EXECUTE format('%s %s ON %s%s', statement.head, statement.index_name, scratch, statement.rest);
            SELECT i.indexrelid INTO found FROM pg_index i
                WHERE i.indrelid = scratch::regclass AND i.indexrelid <> ALL (seen);
            PERFORM _wh_internal.refuse_dependence(found);
        EXCEPTION WHEN OTHERS THEN
            RAISE EXCEPTION 'template "%": an index cannot be created: %', template.template_name,
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
            RAISE EXCEPTION 'template "%": the index would have the same name "%" on every day, but only one '
                'can have it',
                template.template_name, part.index_name
                USING ERRCODE = 'invalid_object_definition',
                    HINT = 'Put {VIEW_NAME} into its name, or leave the name out.';
        ELSIF EXISTS (SELECT FROM pg_class c WHERE c.oid = found AND c.reltablespace <> 0) THEN
            RAISE EXCEPTION 'template "%": the index "%" names a tablespace', template.template_name,
                part.index_name
                USING ERRCODE = 'feature_not_supported',
                    HINT = 'Remove TABLESPACE: indexes are created in the database''s default tablespace.';
        ELSIF EXISTS (SELECT FROM _wh_internal.tokens(part.definition) t
            WHERE t.word = '{' AND t.kind = 'sign' OR t.word ~ E'^[eE]''.*[{](?:SCHEMA|VIEW_NAME)[}]') THEN
            -- A name inserted there could end the string.
            RAISE EXCEPTION 'template "%": a string with backslashes contains a placeholder: %',
                template.template_name, left(statement.said, 80)
                USING ERRCODE = 'feature_not_supported',
                    HINT = 'Put the placeholder into a separate string, and join the two with ||.';
        END IF;
        part.fingerprint := _wh_internal.index_fingerprint(part.is_unique, part.definition);
        RETURN NEXT part;
    END LOOP;
    EXECUTE 'DROP TABLE ' || scratch;
END
$$;
