CREATE OR REPLACE FUNCTION _wh_internal.blank_view(schema_name text, view_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A statement that leaves a view its current columns and options, with no rows: the view then depends on
    -- no relation, without being dropped. Ends in a semicolon; empty if there is no such view. A view's
    -- columns keep their collations, too, or PostgreSQL refuses.
    SELECT coalesce(max(format('CREATE OR REPLACE VIEW %1$s%2$s AS SELECT %3$s WHERE false; ',
        c.oid::regclass,
        (SELECT format(' WITH (%s)', string_agg(format('%I = %L', o.option_name, o.option_value), ', '))
        FROM pg_options_to_table(c.reloptions) o HAVING count(*) > 0),
        (SELECT string_agg(format('NULL::%s%s AS %I', format_type(a.atttypid, a.atttypmod),
            ' COLLATE ' || nullif(a.attcollation, 0)::regcollation, a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))), '')
    FROM pg_class c
    WHERE c.relkind = 'v' AND c.oid = to_regclass(format('%I.%I', schema_name, view_name))
$$;
