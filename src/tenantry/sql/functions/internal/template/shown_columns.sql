CREATE OR REPLACE FUNCTION _wh_internal.shown_columns(template_name text) RETURNS _wh.template_columns[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a template's views, in their order: the template's and `day`, which has neither true nor
    -- false in after_day. A template that has a column of that name itself gets no other one. NULL if there
    -- is no such template.
    WITH own AS (
        SELECT c.template_name, c.position, c.column_name, c.data_type, c.collation_name, c.after_day
        FROM _wh.template_columns c WHERE c.template_name = shown_columns.template_name
    ), shown AS (
        SELECT o.*, 2 * o.position AS place FROM own o
        UNION ALL
        SELECT shown_columns.template_name, NULL, 'day', 'date', NULL, NULL,
            coalesce(2 * max(o.position) FILTER (WHERE NOT o.after_day), 0) + 1
        FROM own o HAVING count(*) > 0 AND count(*) FILTER (WHERE o.column_name = 'day') = 0
    )
    SELECT array_agg(ROW(s.template_name, s.place, s.column_name, s.data_type, s.collation_name,
        s.after_day)::_wh.template_columns ORDER BY s.place)
    FROM shown s
$$;
