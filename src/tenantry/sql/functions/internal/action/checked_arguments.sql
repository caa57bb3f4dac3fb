CREATE OR REPLACE FUNCTION _wh_internal.checked_arguments(kind text, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The arguments of an action as they are stored, without those that say nothing; an error if they are not
-- what this kind takes. Whoever may ask can call this with anything, and the worker acts as whadmin.
DECLARE
    -- Each argument, with an exclamation mark if the action needs it.
    wanted CONSTANT text[] := CASE kind
        WHEN 'backfill' THEN '{tenant,template,from,to,reload,outdated}'
        WHEN 'refresh' THEN '{tenant,template,day,days}'
        WHEN 'verify' THEN '{tenant,template,from,to,sample}'
        WHEN 'reload' THEN '{tenant!,template!,from!,to!}'
        WHEN 'fold' THEN '{tenant!,template!,year!}'
        WHEN 'disable' THEN '{tenant!,reason!}'
        WHEN 'enable' THEN '{tenant!}'
        WHEN 'pause' THEN '{tenant,job}'
        WHEN 'resume' THEN '{tenant,job}'
        WHEN 'run_job' THEN '{job!}'
        WHEN 'fix' THEN '{check!,tenant}'
    END::text[];
    kept jsonb := jsonb_build_object();
    key text;
    value jsonb;
    missing text;
    first_day date;
    last_day date;
    today CONSTANT date := _wh.current_date_utc();
BEGIN
    IF wanted IS NULL THEN
        RAISE EXCEPTION 'there is no kind of action "%"', left(_wh_internal.visible(kind), 40)
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF arguments IS NULL OR jsonb_typeof(arguments) <> 'object' THEN
        RAISE EXCEPTION 'the arguments of an action are a JSON object'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF octet_length(arguments::text) > 2000 THEN
        RAISE EXCEPTION 'the arguments of an action are longer than 2,000 bytes'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR key, value IN SELECT e.key, e.value FROM jsonb_each(arguments) e LOOP
        IF key LIKE '%!' OR NOT (wanted && ARRAY[key, key || '!']) THEN
            RAISE EXCEPTION '% takes no argument "%"', kind, left(_wh_internal.visible(key), 40)
                USING ERRCODE = 'invalid_parameter_value',
                HINT = format('It takes: %s.', translate(array_to_string(wanted, ', '), '!', ''));
        END IF;
        CONTINUE WHEN value = 'null' OR key IN ('reload', 'outdated') AND value = 'false';
        IF NOT (CASE
            WHEN key IN ('reload', 'outdated') THEN value = 'true'
            WHEN key IN ('from', 'to', 'day') THEN
                jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
            WHEN key IN ('days', 'sample', 'year') THEN
                jsonb_typeof(value) = 'number' AND value #>> '{}' ~ '^[1-9][0-9]{0,3}$'
            WHEN key = 'check' THEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[a-z][a-z-]{0,39}$'
            WHEN key = 'reason' THEN jsonb_typeof(value) = 'string' AND length(value #>> '{}') <= 300
            ELSE jsonb_typeof(value) = 'string' AND length(value #>> '{}') BETWEEN 1 AND 200
        END) THEN
            RAISE EXCEPTION 'argument "%" cannot be %', key, left(_wh_internal.visible(value::text), 40)
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        kept := kept || jsonb_build_object(key, value);
    END LOOP;
    missing := (SELECT string_agg(rtrim(w.name, '!'), ', ') FROM unnest(wanted) w(name)
        WHERE w.name LIKE '%!' AND NOT kept ? rtrim(w.name, '!'));
    IF missing IS NOT NULL OR kind IN ('pause', 'resume') AND (kept ? 'tenant') = (kept ? 'job') THEN
        RAISE EXCEPTION '% needs %', kind, coalesce(missing, 'either tenant or job')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF kept ? 'reason' THEN
        kept := kept || jsonb_build_object('reason', btrim(_wh_internal.visible(kept ->> 'reason')));
        IF kept ->> 'reason' = '' THEN
            RAISE EXCEPTION 'no reason given' USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Say why the tenant is disabled.';
        END IF;
    END IF;
    IF kept ? 'tenant' AND kept ? 'template' THEN
        PERFORM _wh_internal.registered_feed(kept ->> 'template', kept ->> 'tenant');
    ELSIF kept ? 'tenant' AND NOT EXISTS (SELECT FROM _wh.tenants t
        WHERE t.schema_name = kept ->> 'tenant' AND t.dropping_at IS NULL) THEN
        RAISE EXCEPTION 'tenant "%" does not exist, or is being dropped', kept ->> 'tenant'
            USING ERRCODE = 'undefined_object';
    ELSIF kept ? 'template' AND NOT EXISTS (SELECT FROM _wh.mv_templates m
        WHERE m.template_name = kept ->> 'template') THEN
        RAISE EXCEPTION 'template "%" does not exist', kept ->> 'template'
            USING ERRCODE = 'undefined_object';
    ELSIF kept ? 'job' AND NOT EXISTS (SELECT FROM _wh.jobs() j
        WHERE kept ->> 'job' IN (j.name, j.jobid::text)) THEN
        RAISE EXCEPTION 'whadmin has no job "%" in this database', kept ->> 'job'
            USING ERRCODE = 'undefined_object', HINT = 'The jobs are in _wh.jobs().';
    END IF;
    first_day := coalesce(kept ->> 'from', kept ->> 'day')::date;
    last_day := (kept ->> 'to')::date;
    IF least(first_day, last_day) < '1900-01-01' THEN
        RAISE EXCEPTION '% is before 1900', least(first_day, last_day)
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF first_day > last_day THEN
        RAISE EXCEPTION 'the first day, %, is after the last day, %', first_day, last_day
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF first_day IS NOT NULL OR last_day IS NOT NULL THEN
        PERFORM _wh_internal.checked_day(greatest(first_day, last_day), coalesce(kept ->> 'template',
            (SELECT m.template_name FROM _wh.mv_templates m ORDER BY m.ahead DESC LIMIT 1)));
    END IF;
    IF (kept ->> 'days')::integer > 3660 THEN
        RAISE EXCEPTION 'a window of % days is too long', kept ->> 'days'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name at most 3,660 days.';
    ELSIF (kept ->> 'year')::integer NOT BETWEEN 1900 AND extract(year FROM today) - 1 THEN
        RAISE EXCEPTION 'the year % is not over, or is before 1900', kept ->> 'year'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN kept;
END
$$;
