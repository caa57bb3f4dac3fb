-- From which day on a feed's days have to be there: what is missing is told from this, and not from what happens to be there.
ALTER TABLE _wh.feeds ADD COLUMN first_day date, ADD COLUMN first_day_chosen boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN _wh.feeds.first_day IS
    'The feed''s span begins here: each day from it to yesterday (UTC) is there, or missing. Loads of earlier days move it. NULL: never loaded';
COMMENT ON COLUMN _wh.feeds.first_day_chosen IS
    'Somebody chose that day (tenant add --from): what the source has of earlier days is not wanted';
UPDATE _wh.feeds f SET first_day = least(
    (SELECT min(s.slice_date) FROM _wh.slices s WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name),
    (SELECT r.first_day FROM _wh.rebuilds r WHERE r.schema_name = f.schema_name AND r.template_name = f.template_name),
    -- Days that are there without a record: in slices that a function of the operators' own made, and in yearly tables.
    (SELECT min(to_date(rpad(replace(n.suffix, '_', ''), 8, '0101'), 'YYYYMMDD'))
     FROM pg_catalog.pg_class c
     CROSS JOIN LATERAL (SELECT substr(c.relname::text, length(f.template_name) + 2)) n (suffix)
     WHERE c.relnamespace = to_regnamespace(quote_ident(f.schema_name)) AND starts_with(c.relname::text, f.template_name || '_')
        AND (c.relkind = 'm' AND n.suffix ~ '^[1-9]\d{3}_(0[1-9]|1[0-2])_(0[1-9]|1\d|2[0-8])$'
            OR c.relkind = 'r' AND NOT c.relispartition AND n.suffix ~ '^[1-9]\d{3}$'
                AND NOT EXISTS (SELECT FROM _wh.slices s WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name
                    AND to_char(s.slice_date::timestamp, 'YYYY') = n.suffix))));

-- Bookings, rentals and flights are dated in days to come.
ALTER TABLE _wh.mv_templates ADD COLUMN ahead integer NOT NULL DEFAULT 0 CHECK (ahead BETWEEN 0 AND 3660);
COMMENT ON COLUMN _wh.mv_templates.ahead IS 'How many days after today (UTC) are loaded, too';
