CREATE OR REPLACE FUNCTION _wh_internal.check_override() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Before a tenant's own query is stored, by whatever way: it passes the same check as a template's, and is
-- bound to the columns that the template has now. A restore brings the columns of its time.
BEGIN
    PERFORM _wh_internal.refuse_query(NEW.query_template);
    IF NEW.columns IS NULL THEN
        PERFORM _wh_internal.find_template(NEW.template_name);
        NEW.columns := _wh_internal.columns_shape(_wh_internal.columns_of(NEW.template_name),
        collated => false);
    END IF;
    RETURN NEW;
EXCEPTION WHEN syntax_error THEN
    RAISE EXCEPTION 'template "%": the query for tenant "%" cannot be read: %', NEW.template_name,
        NEW.schema_name, SQLERRM
        USING ERRCODE = SQLSTATE,
            HINT = 'Write one SELECT, with its quotes, comments and parentheses closed.';
END
$$;

CREATE OR REPLACE TRIGGER check_override BEFORE INSERT OR UPDATE ON _wh.template_overrides
FOR EACH ROW EXECUTE FUNCTION _wh_internal.check_override();
