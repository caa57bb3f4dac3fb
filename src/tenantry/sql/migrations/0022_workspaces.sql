-- Logins that model data (dbt, SQLMesh) have a schema in which they may create tables and views.
ALTER TABLE _wh.readers ADD COLUMN workspace text UNIQUE CHECK (workspace <> '');
COMMENT ON COLUMN _wh.readers.workspace IS 'The schema in which the role may create tables and views; NULL: none';
