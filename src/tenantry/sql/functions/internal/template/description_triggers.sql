CREATE OR REPLACE FUNCTION _wh_internal.check_descriptions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Before a template is written: its descriptions become comments, which every tool shows, so they are short
-- and hide nothing. One that is stored already is not looked at again. A column that the template drops
-- takes its description with it.
DECLARE
    most CONSTANT integer := 1000;
    columns text[];
    wrong text;
    shown text;
BEGIN
    NEW.column_descriptions := coalesce(NEW.column_descriptions, '{}');
    BEGIN
        columns := ARRAY(SELECT (parse_ident(c.column_name))[1]
            FROM _wh_internal.read_columns(NEW.column_definitions) c);
    EXCEPTION WHEN syntax_error THEN
        -- What is wrong with them is said when they are kept.
        RETURN NEW;
    END;
    IF jsonb_typeof(NEW.column_descriptions) <> 'object' OR jsonb_path_exists(NEW.column_descriptions,
        '$.* ? (@.type() != "string")') THEN
        RAISE EXCEPTION 'template "%": column_descriptions is not an object of texts', NEW.template_name
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"column": "what it means"}.';
    ELSIF NEW.column_descriptions = OLD.column_descriptions THEN
        SELECT coalesce(jsonb_object_agg(d.key, d.value), '{}') INTO NEW.column_descriptions
        FROM jsonb_each(NEW.column_descriptions) d WHERE d.key = ANY (columns);
    END IF;
    SELECT coalesce(jsonb_object_agg(d.key, d.value), '{}') INTO NEW.column_descriptions
        FROM jsonb_each(NEW.column_descriptions) d WHERE d.value <> '""';
    SELECT min(d.key) INTO wrong FROM jsonb_object_keys(NEW.column_descriptions) AS d (key)
        WHERE d.key <> ALL (columns);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'template "%": column "%" is described, and is not among its columns',
            NEW.template_name, _wh_internal.visible(left(wrong, 63))
            USING ERRCODE = 'undefined_column',
                HINT = 'Columns are ' || array_to_string(columns, ', ') || '.';
    END IF;
    SELECT d.what || CASE WHEN length(d.words) > most THEN format(' is longer than %s characters',
            to_char(most, 'FM999,999')) ELSE ' has characters that cannot be seen' END,
        CASE WHEN length(d.words) > most THEN 'Shorten it.'
            ELSE 'Remove what is written with a backslash here: ' || _wh_internal.visible(d.words) END
    INTO wrong, shown
    FROM (
        SELECT 0 AS rank, 'its description' AS what, NEW.description AS words
            WHERE NEW.description IS DISTINCT FROM OLD.description
        UNION ALL SELECT 1, format('the description of column "%s"', e.key), e.value
            FROM jsonb_each_text(NEW.column_descriptions) e
            WHERE e.value IS DISTINCT FROM OLD.column_descriptions ->> e.key
    ) d WHERE length(d.words) > most OR d.words <> _wh_internal.visible(d.words)
    ORDER BY d.rank, d.what LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'template "%": %', NEW.template_name, wrong
            USING ERRCODE = 'invalid_parameter_value', HINT = shown;
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER check_descriptions BEFORE INSERT OR UPDATE ON _wh.mv_templates
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_descriptions();
