SELECT client, sum(amount) AS amount FROM {{ ref('by_day') }} GROUP BY client
