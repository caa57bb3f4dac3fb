-- Log what demo_run asks for. A row depends only on the tenant's seed, its local day, store, meal and number
-- within that meal. So whole local days are always made, and rows outside the run's time are dropped at the
-- end. Draws from one seed are told apart by the number that is xor-ed to it.
INSERT INTO phood_foodlogsum (
    id, location_id, action_reason_id, action_taken_id, inventory_item_id, pan_id,
    quantity, validation_status, logged_time, flags
)
WITH season AS (
    SELECT point, factor, lead(point) OVER ahead AS next_point, lead(factor) OVER ahead AS next_factor
    FROM (SELECT make_date(2000, month, day) AS point, factor FROM demo_season) points
    WINDOW ahead AS (ORDER BY point)
),
days AS MATERIALIZED (
    SELECT
        d.midnight,
        o.ordinal,
        hashint8extended(o.ordinal, r.seed) AS seed,
        w.isodow >= 6 AS is_weekend,
        w.factor * (s.factor
            + coalesce((s.next_factor - s.factor) * (o.point - s.point) / (s.next_point - s.point), 0)) AS demand,
        -- A kitchen that measures its waste has five percent less each year. Day 8766 is 2024-01-01.
        exp(-0.05 * (o.ordinal - 8766) / 365) AS trend
    FROM demo_run r
    CROSS JOIN LATERAL generate_series(
        date_trunc('day', r.from_time AT TIME ZONE r.timezone), r.to_time AT TIME ZONE r.timezone, '1 day'
    ) AS d (midnight)
    CROSS JOIN LATERAL (
        SELECT
            d.midnight::date - date '2000-01-01' AS ordinal,
            make_date(2000, extract(month FROM d.midnight)::int, extract(day FROM d.midnight)::int) AS point
    ) o
    JOIN demo_week w ON w.isodow = extract(isodow FROM d.midnight)
    JOIN season s ON o.point >= s.point AND o.point < coalesce(s.next_point, 'infinity')
),
stores AS MATERIALIZED (
    SELECT
        l.id,
        s.weekend,
        r.daily_rows * s.size / sum(s.size) OVER () AS daily_rows,
        -- Some kitchens are early, some late; some throw away more than they need to.
        interval '40 minutes' * (pg_temp.unit(l.id, r.seed # 20) - 0.5) AS delay,
        0.75 + 0.5 * pg_temp.unit(l.id, r.seed # 21) AS habit
    FROM demo_run r
    CROSS JOIN phood_location l
    JOIN demo_store s ON s.name = l.name
),
menus AS MATERIALIZED (
    SELECT
        location_id, meal_id, array_agg(item_id ORDER BY rank) AS items, array_agg(typical ORDER BY rank) AS typicals
    FROM (
        SELECT
            m.location_id,
            l.id AS meal_id,
            i.id AS item_id,
            d.typical,
            -- Popular items come first, in much the same order in all stores of a tenant.
            pg_temp.unit(i.id, r.seed # 22) + 0.4 * pg_temp.unit(m.location_id * 1000 + i.id, r.seed # 23) AS rank
        FROM demo_run r
        CROSS JOIN phood_menuitem m
        JOIN phood_inventoryitem i ON i.id = m.inventory_item_id
        JOIN demo_item d ON d.name = i.name
        JOIN demo_meal l ON strpos(d.meals, l.code) > 0
    ) ranked
    GROUP BY location_id, meal_id
),
outcomes AS MATERIALIZED (
    SELECT
        array_agg(r.id ORDER BY o.id) AS reasons,
        array_agg(t.id ORDER BY o.id) AS actions,
        array_agg(o.edge ORDER BY o.id) AS edges
    FROM (
        SELECT *, (sum(weight) OVER (ORDER BY id) - weight) / sum(weight) OVER () AS edge FROM demo_outcome
    ) o
    LEFT JOIN phood_actionreason r ON r.name = o.reason
    LEFT JOIN phood_actiontaken t ON t.name = o.action
),
pans AS MATERIALIZED (
    SELECT
        array_agg(p.id ORDER BY d.id) AS ids,
        array_agg(p.average_weight::float8 ORDER BY d.id) AS weights,
        array_agg(d.holds ORDER BY d.id) AS holds
    FROM demo_pan d
    JOIN phood_pan p ON p.name = d.name
),
services AS (
    -- One meal of one store on one day. One in a hundred is not logged; two in a hundred are crowded.
    SELECT
        d.ordinal,
        d.seed,
        d.trend,
        d.midnight + s.delay + m.peak AS peak,
        m.spread,
        s.id AS store,
        s.habit,
        n.items,
        n.typicals,
        (s.id * 8 + m.id) * 4096 AS key,
        s.daily_rows * d.demand
            * CASE WHEN d.is_weekend THEN s.weekend * m.weekend_share ELSE m.share END
            * CASE
                WHEN luck.y < 0.01 THEN 0
                WHEN luck.y < 0.03 THEN 2.1
                ELSE 0.75 + 0.5 * pg_temp.unit(s.id, d.seed # 2)
            END AS expected
    FROM days d
    CROSS JOIN stores s
    CROSS JOIN demo_meal m
    JOIN menus n ON n.location_id = s.id AND n.meal_id = m.id
    CROSS JOIN LATERAL (SELECT pg_temp.unit(s.id * 8 + m.id, d.seed # 1) AS y) luck
),
-- OFFSET 0 keeps the planner from merging a step into the next, where each use of a value would compute it again.
keys AS (
    SELECT v.*, v.key + n AS row_key
    FROM services v
    CROSS JOIN LATERAL generate_series(1, floor(v.expected + pg_temp.unit(v.key, v.seed # 3))::int) AS n
    OFFSET 0
),
draws AS (
    SELECT
        row_key, seed, ordinal, store, items, typicals, trend,
        -- The sum of a few uniform numbers is close enough to normal, here and below, and has no far tails.
        date_trunc('second', peak + spread * (pg_temp.unit(row_key, seed # 4) + pg_temp.unit(row_key, seed # 5)
            + pg_temp.unit(row_key, seed # 6) - 1.5)) AS local_time,
        1 + floor(cardinality(items) * power(pg_temp.unit(row_key, seed # 7), 1.4))::int AS choice,
        width_bucket(power(pg_temp.unit(row_key, seed # 8), habit), o.edges) AS outcome
    FROM keys
    CROSS JOIN outcomes o
    OFFSET 0
),
weighed AS (
    SELECT
        row_key, seed, ordinal, store, local_time, outcome, items[choice] AS item,
        -- Log-normal: most weights are small, a few are large.
        typicals[choice] * trend * exp(1.1 * (pg_temp.unit(row_key, seed # 9) + pg_temp.unit(row_key, seed # 10)
            + pg_temp.unit(row_key, seed # 11) + pg_temp.unit(row_key, seed # 12) - 2)) AS food
    FROM draws
    OFFSET 0
),
panned AS (
    SELECT
        w.*,
        p.ids,
        p.weights,
        -- The smallest pan that fits, or one of the next two sizes; sometimes none.
        CASE WHEN pg_temp.unit(w.row_key, w.seed # 13) < 0.93 THEN least(
            1 + width_bucket(w.food, p.holds) + floor(2.2 * pg_temp.unit(w.row_key, w.seed # 14))::int,
            cardinality(p.ids)
        ) END AS pan,
        -- The scale was set to zero with the pan on it.
        pg_temp.unit(w.row_key, w.seed # 15) < 0.01 AS is_tared,
        row_number() OVER (PARTITION BY w.ordinal ORDER BY w.local_time, w.row_key) AS number
    FROM weighed w
    CROSS JOIN pans p
)
SELECT
    w.ordinal * 10000 + w.number,
    w.store,
    o.reasons[w.outcome],
    o.actions[w.outcome],
    w.item,
    w.ids[w.pan],
    round((w.food + CASE
        WHEN w.is_tared OR w.pan IS NULL THEN 0
        ELSE w.weights[w.pan] * (0.97 + 0.06 * pg_temp.unit(w.row_key, w.seed # 16))
    END)::numeric, 2),
    (ARRAY['valid', 'pending', 'rejected'])[
        width_bucket(pg_temp.unit(w.row_key, w.seed # 17), ARRAY[0, 0.92, 0.97]::float8[])],
    t.logged_time,
    CASE
        WHEN w.is_tared AND w.food < w.weights[w.pan] THEN 'weight_check'
        ELSE (ARRAY[NULL, 'manual_entry', 'no_photo'])[
            width_bucket(pg_temp.unit(w.row_key, w.seed # 18), ARRAY[0, 0.95, 0.98]::float8[])]
    END
FROM panned w
CROSS JOIN demo_run r
CROSS JOIN outcomes o
CROSS JOIN LATERAL (SELECT w.local_time AT TIME ZONE r.timezone AS logged_time) t
WHERE t.logged_time >= r.from_time AND t.logged_time < r.to_time
-- An extension starts at the time of the last row, and two extensions may overlap.
ON CONFLICT DO NOTHING;
