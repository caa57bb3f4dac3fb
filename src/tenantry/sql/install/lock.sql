-- One installation at a time, until the transaction ends.
DO $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(8321567904); END $$;
