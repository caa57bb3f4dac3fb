CREATE OR REPLACE FUNCTION _wh_internal.set_reader(reader text, wanted text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Let a role read exactly these tenants (NULL: none by itself, because it is a member of phood_ro), now and
-- when they get new templates, slices or years. The role exists.
DECLARE
    known text[] := ARRAY(SELECT t.schema_name FROM _wh.tenants t ORDER BY t.schema_name);
    former text[] := (SELECT r.tenants FROM _wh.readers r WHERE r.reader_name = reader);
    unknown text := (SELECT w FROM unnest(wanted) w
        WHERE w <> ALL (known) AND w <> ALL (coalesce(former, '{}')) ORDER BY w LIMIT 1);
    tenant text;
BEGIN
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'tenant "%" does not exist', unknown USING ERRCODE = 'undefined_object',
            HINT = 'Known tenants: ' || coalesce(nullif(array_to_string(known, ', '), ''), 'none');
    END IF;
    INSERT INTO _wh.readers AS r (reader_name, tenants) VALUES (reader, wanted)
    ON CONFLICT (reader_name) DO UPDATE SET tenants = excluded.tenants;
    IF wanted IS NULL THEN
        EXECUTE format('REVOKE SELECT ON _wh.limited FROM %I', reader);
    END IF;
    FOR tenant IN SELECT n.nspname FROM pg_namespace n
        WHERE n.nspname = ANY (former || wanted) ORDER BY n.nspname
    LOOP
        PERFORM _wh_internal.await_lock(hashtextextended('tenantry register ' || tenant, 0), false,
            format('tenant %s, which another session registers', tenant));
        IF tenant = ANY (wanted) THEN
            PERFORM _wh_internal.grant_readers(tenant);
        ELSE
            PERFORM _wh_internal.withdraw_reader(reader, tenant);
        END IF;
    END LOOP;
    PERFORM _wh_internal.limit_readers();
END
$$;
