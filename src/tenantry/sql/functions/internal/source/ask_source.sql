CREATE OR REPLACE FUNCTION _wh_internal.ask_source(tenant_name text, question text, until timestamptz)
    RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Send a query to a source, in the transaction that the caller has begun there. Return rows of one text, and
-- wait no longer than `until`. The wait does not happen inside libpq, because older servers cannot be
-- interrupted there.
DECLARE
    server text := _wh_internal.server_name(tenant_name);
    dblink text := quote_ident(_wh_internal.dblink_schema());
    busy boolean;
    pause float8 := 0.001;
BEGIN
    EXECUTE format('SELECT %s.dblink_send_query(%L, %L)', dblink, server, question);
    LOOP
        EXECUTE format('SELECT %s.dblink_is_busy(%L) <> 0', dblink, server) INTO busy;
        EXIT WHEN NOT busy;
        IF clock_timestamp() > until THEN
            RAISE EXCEPTION 'the source did not answer in time'
                USING ERRCODE = 'query_canceled', CONSTRAINT = 'cancelled by the source';
        END IF;
        PERFORM pg_sleep(pause);
        pause := least(pause * 2, 0.1);
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT t.answer FROM %s.dblink_get_result(%L) AS t(answer text)', dblink,
        server);
    -- This result is empty; reading it makes the connection ready for the next query.
    EXECUTE format('SELECT count(*) FROM %s.dblink_get_result(%L) AS t(answer text)', dblink, server);
END
$$;
