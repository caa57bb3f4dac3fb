CREATE OR REPLACE FUNCTION _wh_internal.shared_leaves(template_name text, storage text)
    RETURNS TABLE (relid oid, relname text, first_day date, last_day date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables of years and months that tenants share, in order of time.
    SELECT l.oid, l.relname, l.first_day, (l.first_day + CASE length(l.suffix) WHEN 5 THEN interval '1 year'
        ELSE interval '1 month' END)::date - 1
    FROM (
        SELECT c.oid, c.relname::text, s.suffix, make_date(substr(s.suffix, 2, 4)::integer,
            coalesce(nullif(substr(s.suffix, 7, 2), ''), '1')::integer, 1) AS first_day
        FROM _wh_internal.name_stem(_wh_internal.shared_base(template_name, storage)) AS n (stem)
        JOIN pg_inherits i ON i.inhparent = _wh_internal.kept_relation(_wh_internal.shared_name(template_name,
            storage))
        JOIN pg_class c ON c.oid = i.inhrelid
        CROSS JOIN LATERAL substr(c.relname::text, length(n.stem) + 1) AS s (suffix)
        WHERE s.suffix ~ '^_[0-9]{4}(_(0[1-9]|1[0-2]))?$' AND s.suffix !~ '^_0000'
    ) l ORDER BY l.first_day
$$;
