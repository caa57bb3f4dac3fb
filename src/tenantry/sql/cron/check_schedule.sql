CREATE OR REPLACE FUNCTION cron.check_schedule(schedule text) RETURNS void
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
-- Refuse what is not a schedule, and what pg_cron accepts without doing what it seems to say: a range from
-- high to low (never runs), a sixth field (ignored), "*5" (means "*").
DECLARE
    named constant text[] := '{minute,hour,day of month,month,day of week}'::text[];
    lowest constant integer[] := '{0,0,1,1,0}'::integer[];
    highest constant integer[] := '{59,23,31,12,7}'::integer[];
    months constant text[] := '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}'::text[];
    weekdays constant text[] := '{sun,mon,tue,wed,thu,fri,sat}'::text[];
    fields text[] := regexp_split_to_array(btrim(schedule, E' \t\n'), '[[:blank:]]+');
    seconds text := substring(schedule FROM '(?i)^[[:space:]]*([0-9]+)[[:space:]]+seconds?[[:space:]]*$');
    item text;
    parts text[];
    bounds integer[];
    reason text;
BEGIN
    IF fields[1] LIKE '@%' THEN
        IF cardinality(fields) = 1
            AND fields[1] IN ('@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight',
            '@hourly', '@reboot', '@restart') THEN
            RETURN;
        END IF;
        reason := 'the shortcuts are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, '
            '@reboot and @restart';
    ELSIF seconds IS NOT NULL THEN
        IF seconds::numeric BETWEEN 1 AND 59 THEN
            RETURN;
        END IF;
        reason := 'an interval is 1 to 59 seconds';
    ELSIF cardinality(fields) <> 5 THEN
        reason := format('it has %s field(s), not five', CASE WHEN schedule ~ '[^[:space:]]'
            THEN cardinality(fields) ELSE 0 END);
    END IF;

    FOR n IN 1 .. 5 LOOP
        EXIT WHEN reason IS NOT NULL;
        FOREACH item IN ARRAY string_to_array(lower(fields[n]), ',') LOOP
            parts := regexp_match(item,
                '^(?:[*]|([a-z]+|[0-9]{1,4})(?:-([a-z]+|[0-9]{1,4}))?)(?:/([0-9]{1,4}))?$');
            -- Names become numbers; unknown names become -1.
            SELECT array_agg(CASE
                    WHEN p.word ~ '^[0-9]' THEN p.word::integer
                    WHEN n = 4 THEN coalesce(array_position(months, p.word), -1)
                    WHEN n = 5 THEN coalesce(array_position(weekdays, p.word), 0) - 1
                    ELSE -1 END ORDER BY p.place)
            INTO bounds FROM unnest(parts[1:2]) WITH ORDINALITY p(word, place) WHERE p.word IS NOT NULL;
            reason := CASE
                WHEN parts IS NULL
                THEN 'is not *, a number, a range or a list of these, with or without a step'
                WHEN parts[3] IS NOT NULL AND parts[1] IS NOT NULL AND parts[2] IS NULL
                    THEN 'has a step without a range'
                WHEN parts[3]::integer = 0 THEN 'has a step of 0'
                WHEN NOT lowest[n] <= ALL (bounds) OR NOT highest[n] >= ALL (bounds)
                    THEN format('is not within %s to %s', lowest[n], highest[n])
                WHEN bounds[1] > bounds[2] THEN 'runs from high to low; write it as two, with a comma'
                END;
            IF reason IS NOT NULL THEN
                reason := format('%s: "%s" %s', named[n], item, reason);
                EXIT;
            END IF;
        END LOOP;
    END LOOP;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'invalid schedule: "%": %', schedule, reason
            USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Minute, hour, day of month, month, day of week, such as "12 * * * *" or "30 8 * * '
                'mon-fri"; or "30 seconds".';
    END IF;
END
$$;
COMMENT ON FUNCTION cron.check_schedule IS 'Raises an error that says what is wrong with a schedule, if '
    'anything is';
