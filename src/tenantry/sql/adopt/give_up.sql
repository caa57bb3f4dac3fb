-- Forget an adoption that has changed nothing yet. One transaction, after 7_jobs.sql.
DROP SCHEMA _wh_adopt CASCADE;
