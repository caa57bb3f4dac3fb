MODEL (
  name marts.by_day,
  kind INCREMENTAL_BY_TIME_RANGE (time_column reading_day, batch_size 100000),
  cron '@daily',
  end '2025-01-06',
  audits (not_null(columns := (client)))
);
SELECT schema_name AS client, (at AT TIME ZONE 'UTC')::date AS reading_day, sum(amount) AS amount
FROM public.readings
WHERE at BETWEEN @start_tstz AND @end_tstz
GROUP BY 1, 2
