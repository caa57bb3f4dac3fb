CREATE OR REPLACE FUNCTION _wh_internal.audit(what text, subject text, result text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Add an entry to the audit trail, if the administrator has created one (install/2_audit.sql).
BEGIN
    IF to_regclass('_wh_audit.entries') IS NOT NULL THEN
        INSERT INTO _wh_audit.entries (what, subject, result)
            VALUES (what, coalesce(subject, ''), coalesce(result, ''));
    END IF;
END
$$;
