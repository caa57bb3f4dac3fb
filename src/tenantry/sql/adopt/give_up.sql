-- Forget an adoption that has changed nothing yet. One transaction, after 7_jobs.sql.
DO $$
BEGIN
    PERFORM _wh_adopt.leave_roles('');
END
$$;
DROP SCHEMA _wh_adopt CASCADE;
