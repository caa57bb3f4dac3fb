CREATE OR REPLACE FUNCTION _wh_internal.refuse_columns(template_name text, given jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error unless the columns that a source describes are the template's: names, order and types.
-- `given` is the result of described(). Lengths do not count, because a source does not tell them here. A
-- type that is not PostgreSQL's own is known by its name.
DECLARE
    wrong text;
BEGIN
    SELECT format('column %s is %s, but the template has %s', coalesce(c.position, g.n),
        coalesce(format('%s %s', g.column_name, g.column_type), 'missing'),
        coalesce(format('%s %s', c.column_name, c.type_name), 'no such column'))
    INTO wrong
    FROM (
        SELECT d.position, _wh_internal.visible(d.column_name) AS column_name, t.oid AS type,
            format_type(t.oid, NULL) AS type_name
        FROM _wh.template_columns d LEFT JOIN pg_type t ON t.oid = to_regtype(d.data_type)
        WHERE d.template_name = refuse_columns.template_name
    ) c
    FULL JOIN (
        SELECT a.n, a.c ->> 'name' AS column_name, a.c ->> 'source' AS column_type,
            (a.c ->> 'number')::oid AS type
        FROM jsonb_array_elements(given) WITH ORDINALITY AS a (c, n)
    ) g ON g.n = c.position
    WHERE (c.column_name = g.column_name AND (c.type = g.type OR greatest(c.type, g.type) >= 10000
        AND substring(c.type_name FROM '[^.]*$') = substring(g.column_type FROM '[^.]*$'))) IS NOT TRUE
    ORDER BY coalesce(c.position, g.n) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the query does not return the columns of template "%": %', template_name, wrong
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'Return the same columns in the same order: rename them with AS, and cast them '
                'with ::.';
    END IF;
END
$$;
