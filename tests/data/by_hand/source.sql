-- A tenant's production database: :days days from :start, three rows a day.
CREATE TABLE phood_foodlogsum (id integer PRIMARY KEY, store text, quantity numeric, logged_time timestamptz NOT NULL);
