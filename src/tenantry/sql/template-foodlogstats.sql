-- psql: the template foodlogstats, new or up to date. Run it after functions.sql.
\ir templates/foodlogstats.sql
