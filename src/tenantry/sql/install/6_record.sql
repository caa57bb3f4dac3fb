-- After the functions: attach settings to those that are called from outside, and record their version. Run
-- as whadmin.
DO $$
BEGIN
    PERFORM _wh_internal.pin_routines('{entrances}');
    INSERT INTO _wh.installations (version, functions)
    SELECT '{version}', '{functions}' WHERE NOT EXISTS (SELECT FROM _wh.installations i
        WHERE i.id = (SELECT pg_catalog.max(l.id) FROM _wh.installations l) AND i.version = '{version}'
        AND i.functions = '{functions}');
END
$$;
