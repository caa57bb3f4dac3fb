-- What is there is told by what is stored: a record of a load is bound to the filling of the relation that holds its rows,
-- and what we know of relations is kept here, no longer in comments, which anybody may write.
ALTER TABLE _wh.slices ADD COLUMN filenode oid;
COMMENT ON COLUMN _wh.slices.filenode IS
    'pg_class.relfilenode of the relation that holds the rows, as it was at the load: with another one the record proves nothing';
COMMENT ON COLUMN _wh.slices.loaded_at IS
    'When the rows were last pulled, or found unchanged at the source; NULL where none ever were, or they are gone';
COMMENT ON COLUMN _wh.slices.digest IS
    'The source''s own count and digest of exactly these rows (1:rows:sum of row hashes), or NULL if none is known to be theirs';

CREATE TABLE _wh.feed_tables (
    schema_name text NOT NULL,
    template_name text NOT NULL,
    table_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('folded', 'open', 'unindexed', 'copy')),
    detail text,
    relid oid NOT NULL,
    warehouse text NOT NULL,
    PRIMARY KEY (schema_name, template_name, table_name),
    FOREIGN KEY (schema_name, template_name) REFERENCES _wh.feeds ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE _wh.feed_tables IS 'Tables of feeds that something is to be known of; all others are as they seem';
COMMENT ON COLUMN _wh.feed_tables.state IS
    'folded: a partition of a year that was folded. open: a year that came by a move, and is not folded. unindexed: to be indexed yet. '
    'copy: of a move that has not ended';
COMMENT ON COLUMN _wh.feed_tables.relid IS 'The very table: one that was dropped and made again is another';
COMMENT ON COLUMN _wh.feed_tables.warehouse IS
    'Where relid is valid (database and this table, by oid): after a dump was restored, tables are known by their names until the next load';

CREATE TABLE _wh.published_views (
    schema_name text NOT NULL,
    view_name text NOT NULL,
    body_hash text NOT NULL,
    rule oid NOT NULL,
    rule_version xid NOT NULL,
    PRIMARY KEY (schema_name, view_name)
);
COMMENT ON TABLE _wh.published_views IS 'Tenant views and public views as they were last written, so that one that says so already is left alone';
COMMENT ON COLUMN _wh.published_views.body_hash IS 'md5 of the statement that the view was made of';
COMMENT ON COLUMN _wh.published_views.rule_version IS 'xmin of the view''s rule in pg_rewrite: another one means that somebody else has written the view since';

DO $$
DECLARE
    mark record;
    here text := format('%s/%s', (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()), '_wh.feed_tables'::regclass::oid);
BEGIN
    -- A materialized view that is populated was filled by one statement: its record speaks of it. The rows of tables are
    -- counted when they are first looked at.
    UPDATE _wh.slices s SET filenode = c.relfilenode
    FROM (
        SELECT f.schema_name, f.template_name, f.stem, n.oid AS namespace
        FROM (SELECT w.schema_name, w.template_name, CASE WHEN octet_length(w.template_name) <= 51 THEN w.template_name END AS stem FROM _wh.feeds w) f
        JOIN pg_catalog.pg_namespace n ON n.nspname = f.schema_name
    ) f
    JOIN pg_catalog.pg_class c ON c.relnamespace = f.namespace AND c.relkind = 'm' AND c.relispopulated
    WHERE s.schema_name = f.schema_name AND s.template_name = f.template_name AND s.loaded_at IS NOT NULL
        AND c.relname = f.stem || to_char(s.slice_date::timestamp, '_YYYY_MM_DD');

    INSERT INTO _wh.feed_tables (schema_name, template_name, table_name, state, detail, relid, warehouse)
    SELECT f.schema_name, f.template_name, m.relname, m.state, m.detail, m.oid, here
    FROM (
        SELECT c.oid, n.nspname, c.relname::text, d.description,
            CASE d.description WHEN 'Tenantry: combined' THEN 'folded' WHEN 'Tenantry: open' THEN 'open'
                WHEN 'Tenantry: to be indexed' THEN 'unindexed' ELSE 'copy' END AS state,
            CASE WHEN d.description LIKE 'Tenantry: to % storage %' THEN substr(d.description, 11) END AS detail
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
        WHERE c.relkind IN ('r', 'p') AND (d.description IN ('Tenantry: combined', 'Tenantry: open', 'Tenantry: to be indexed')
            OR d.description ~ '^Tenantry: to (matview|partition) storage [0-9a-f]{32}$')
    ) m
    CROSS JOIN LATERAL (SELECT CASE m.state WHEN 'copy' THEN substr(m.relname, length('tenantry_move_') + 1)
        ELSE regexp_replace(m.relname, E'_\\d{4}(_\\d{2})?$', '') END AS stem) b
    JOIN _wh.feeds f ON f.schema_name = m.nspname
        -- A name that is too long for a relation is cut, and ends in a hash of the whole.
        AND (f.template_name = b.stem OR octet_length(f.template_name) > 45 AND right(b.stem, 8)
            = left(md5(CASE m.state WHEN 'copy' THEN 'tenantry_move_' ELSE '' END || f.template_name), 8));

    INSERT INTO _wh.published_views (schema_name, view_name, body_hash, rule, rule_version)
    SELECT n.nspname, c.relname, substr(d.description, 10), r.oid, r.xmin
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
    WHERE c.relkind = 'v' AND d.description ~ '^Tenantry [0-9a-f]{32}$'
        AND (n.nspname = 'public' OR n.nspname IN (SELECT w.schema_name FROM _wh.tenants w));

    -- What is taken over is of no use as a comment. Those that somebody else wrote stay.
    FOR mark IN
        SELECT format('COMMENT ON %s %I.%I IS NULL', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, n.nspname, c.relname) AS removal
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
        WHERE c.relkind IN ('r', 'p', 'v') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
            AND (n.nspname = 'public' OR n.nspname IN (SELECT w.schema_name FROM _wh.tenants w))
            AND (d.description ~ '^Tenantry [0-9a-f]{32}$' OR d.description ~ '^Tenantry: to (matview|partition) storage [0-9a-f]{32}$'
                OR d.description IN ('Tenantry: combined', 'Tenantry: open', 'Tenantry: to be indexed')
                OR d.description IN (SELECT format('Tenantry: %s of all tenants', t.template_name) FROM _wh.mv_templates t))
    LOOP
        EXECUTE mark.removal;
    END LOOP;
END
$$;
