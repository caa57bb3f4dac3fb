-- Forget an adoption that has changed nothing yet. One transaction, after 7_jobs.sql.
SELECT _wh_adopt.leave_roles('');
DROP SCHEMA _wh_adopt CASCADE;
