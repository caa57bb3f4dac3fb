CREATE OR REPLACE FUNCTION _wh_internal.match_columns(template _wh.mv_templates, given text[])
    RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- For each declared column its place among those that the query gives, by the names that the source says.
-- Names are what counts: if all declared ones are there, each column is the one of its name. A name that
-- nobody declared is taken by its place, since PostgreSQL makes names up for expressions; but then none that
-- is declared may stand in another place, and the query may not say SELECT *, whose columns come and go with
-- the source's. Without names (NULL) places are all there is.
DECLARE
    declared text[] := ARRAY(SELECT c.column_name FROM _wh.template_columns c
        WHERE c.template_name = template.template_name ORDER BY c.position);
    elsewhere text;
    unknown text;
BEGIN
    IF given IS NULL THEN
        RETURN ARRAY(SELECT generate_series(1, cardinality(declared)));
    ELSIF cardinality(given) <> cardinality(declared) THEN
        RAISE EXCEPTION 'the query gives % columns, and % are declared', cardinality(given),
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
        RAISE EXCEPTION 'the query gives the columns (%), and (%) are declared: %',
            array_to_string(given, ', '), array_to_string(declared, ', '),
            CASE WHEN elsewhere IS NOT NULL THEN format('"%s" stands in another place', elsewhere)
                ELSE format('"%s" is not among them, and SELECT * does not say which it stands for',
                unknown) END
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'Name the columns in the query as they are declared, with AS.';
    END IF;
    RETURN ARRAY(SELECT generate_series(1, cardinality(declared)));
END
$$;
