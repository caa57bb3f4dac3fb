-- name: orders
-- description: Orders of a shop, a row for each order, with the customer's country
-- time_column: ordered_at
-- storage: partition
-- columns:
--   id bigint,
--   customer_id bigint,
--   country text,
--   status text,
--   items integer,
--   total numeric(12,2),
--   currency text,
--   ordered_at timestamp with time zone
-- descriptions:
--   id: The order's number at the source; unique within a tenant
--   customer_id: Number of the customer who ordered
--   country: The customer's country; NULL if there is no such customer
--   status: What became of the order, as the source records it
--   items: Number of items ordered
--   total: What the customer pays, in the order's currency
--   currency: Currency of the total, such as EUR
--   ordered_at: When the order was placed
-- index: UNIQUE (id)
-- index: (ordered_at)

-- An example: replace the tables and columns with those of your own source.
SELECT
    o.id,
    o.customer_id,
    c.country,
    o.status,
    o.items,
    o.total,
    o.currency,
    o.created_at AS ordered_at
FROM orders o
LEFT JOIN customers c ON c.id = o.customer_id
WHERE o.created_at >= '{START_TIME}'::timestamptz AND o.created_at < '{END_TIME}'::timestamptz
