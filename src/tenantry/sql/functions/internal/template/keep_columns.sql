CREATE OR REPLACE FUNCTION _wh_internal.keep_columns(template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Store the columns of a template. PostgreSQL itself reads the types, in the same position as in dblink's
-- column list. It gets what read_columns has built, never the text.
DECLARE
    columns text;
    -- Those that the views have already, in their order.
    former text[] := ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name ORDER BY c.position);
    later text[] := ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name AND c.after_day);
    foreigner record;
BEGIN
    -- IF EXISTS would print a notice that there is none.
    IF to_regclass('pg_temp.tenantry_columns') IS NOT NULL THEN
        DROP VIEW pg_temp.tenantry_columns;
    END IF;
    BEGIN
        SELECT string_agg(c.column_name || ' ' || c.data_type, ', ') INTO columns
            FROM _wh_internal.read_columns(template.column_definitions) c;
        EXECUTE format('CREATE TEMPORARY VIEW tenantry_columns AS SELECT * FROM json_to_recordset(''[]'') AS '
            't(%s)', columns);
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR invalid_parameter_value THEN
        RAISE EXCEPTION 'template "%": column_definitions cannot be read: %', template.template_name, SQLERRM
            USING ERRCODE = SQLSTATE, HINT = 'Write them as in CREATE TABLE: name type, name type, ...';
    END;
    -- Values of a domain run code of its owner.
    SELECT a.attname, format_type(t.oid, NULL) AS type INTO foreigner
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT
        JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    WHERE a.attrelid = to_regclass('pg_temp.tenantry_columns') AND a.attnum > 0
        AND NOT pg_has_role(coalesce(e.typowner, t.typowner), current_user, 'MEMBER') LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'template "%": column "%" is of type %, whose owner may not act for '
            'whadmin', template.template_name,
            foreigner.attname, foreigner.type
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'Use a type of PostgreSQL, of an extension, or of whadmin.';
    END IF;
    DELETE FROM _wh.template_columns c WHERE c.template_name = template.template_name;
    INSERT INTO _wh.template_columns (template_name, position, column_name, data_type, collation_name)
    SELECT template.template_name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation THEN format('%I.%I', n.nspname, c.collname) END
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation c ON c.oid = a.attcollation LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE a.attrelid = to_regclass('pg_temp.tenantry_columns') AND a.attnum > 0;
    DROP VIEW pg_temp.tenantry_columns;
    -- Views keep their columns where they are, including `day`, as long as others only follow them.
    UPDATE _wh.template_columns c SET after_day = true
    WHERE c.template_name = template.template_name AND former <> '{}'
        AND (c.column_name = ANY (later) OR c.position > cardinality(former))
        AND former = ARRAY(SELECT x.column_name FROM _wh.template_columns x
            WHERE x.template_name = template.template_name AND x.position <= cardinality(former)
            ORDER BY x.position);
END
$$;
