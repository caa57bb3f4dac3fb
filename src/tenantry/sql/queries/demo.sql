-- name: report
-- Waste by tenant and year.
SELECT schema_name, to_char(logged_time AT TIME ZONE 'UTC', 'YYYY') AS year, count(*),
    round(sum(weight)) AS pounds, round(sum(weight * cost_per_lb)) AS dollars,
    round(sum(weight) / count(DISTINCT (logged_time AT TIME ZONE 'UTC')::date)) AS pounds_a_day
FROM public.foodlogstats
GROUP BY 1, 2
ORDER BY 1, 2

-- name: top_items
-- The most wasted items of the last 30 days.
SELECT food_category, name, count(*), round(sum(weight)) AS pounds, count(DISTINCT schema_name) AS tenants
FROM public.foodlogstats
WHERE logged_time >= date_trunc('day', now()) - interval '30 days'
GROUP BY 1, 2
ORDER BY pounds DESC
LIMIT 5

-- name: first_day
-- The first day that a source has rows of.
SELECT (min(logged_time) AT TIME ZONE 'UTC')::date FROM phood_foodlogsum
