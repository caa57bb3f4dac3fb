CREATE OR REPLACE FUNCTION _wh_internal.match_columns(template _wh.mv_templates, given text[])
    RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- For each declared column, its position among the columns that the query returns, by the names that the
-- source reports. If all declared names exist, each column is found by its name. Otherwise columns with
-- undeclared names are matched by position, because PostgreSQL makes up names for expressions. In that case
-- no declared name may be in another position, and the query may not use SELECT *, whose columns change with
-- the source's. Without names (NULL), only positions count.
DECLARE
    declared text[] := ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name ORDER BY c.position);
    elsewhere text;
    unknown text;
BEGIN
    IF given IS NULL THEN
        RETURN ARRAY(SELECT generate_series(1, cardinality(declared)));
    ELSIF cardinality(given) <> cardinality(declared) THEN
        RAISE EXCEPTION 'the query returns % columns, but % are declared', cardinality(given),
            cardinality(declared)
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'Name each column of the query in column_definitions, in the same order.';
    ELSIF declared <@ given THEN
        RETURN ARRAY(SELECT array_position(given, d.name)
            FROM unnest(declared) WITH ORDINALITY AS d (name, n) ORDER BY d.n);
    END IF;
    SELECT min(d.name) INTO elsewhere FROM unnest(declared) WITH ORDINALITY AS d (name, n)
    WHERE d.name = ANY (given) AND given[d.n] <> d.name;
    SELECT min(g.name) INTO unknown FROM unnest(given) g (name) WHERE g.name <> ALL (declared);
    IF elsewhere IS NOT NULL OR _wh_internal.selects_all(template.query_template) THEN
        RAISE EXCEPTION 'the query returns the columns (%), but (%) are declared: %',
            array_to_string(given, ', '), array_to_string(declared, ', '),
            CASE WHEN elsewhere IS NOT NULL THEN format('"%s" is in another position', elsewhere)
                ELSE format('"%s" is not among them, and SELECT * does not say which column it is',
                unknown) END
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'Use AS in the query to give the columns their declared names.';
    END IF;
    RETURN ARRAY(SELECT generate_series(1, cardinality(declared)));
END
$$;
