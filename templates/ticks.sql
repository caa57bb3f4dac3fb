-- name: ticks
-- time_column: at
-- storage: matview
-- partition_by: year
-- columns:
--   id int, at timestamptz, value int
-- index: CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)

SELECT id, at, CASE value
    WHEN 'lost' THEN pg_terminate_backend(pg_backend_pid())::int
    WHEN 'slow' THEN length(pg_sleep(0.3)::text)
    ELSE value::int END
FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'
