{{ config(materialized='incremental', unique_key=['client', 'reading_day']) }}
SELECT schema_name AS client, (at AT TIME ZONE 'UTC')::date AS reading_day, sum(amount) AS amount
FROM {{ source('tenantry', 'readings') }}
WHERE at >= '{{ var("first_day") }} 00:00Z' AND at < '{{ var("next_day") }} 00:00Z'
GROUP BY 1, 2
