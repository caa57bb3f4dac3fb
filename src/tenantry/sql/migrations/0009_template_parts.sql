-- What a template's change finds already there: its indexes as parts, and what each slice was made with.
CREATE TABLE _wh.template_indexes (
    template_name text NOT NULL REFERENCES _wh.mv_templates ON UPDATE CASCADE ON DELETE CASCADE,
    index_name text NOT NULL,
    fingerprint text NOT NULL,
    position integer,
    is_unique boolean NOT NULL,
    definition text NOT NULL,
    key_columns text[],
    PRIMARY KEY (template_name, index_name, fingerprint)
);
COMMENT ON TABLE _wh.template_indexes IS 'The indexes of each template, as PostgreSQL reads them; kept by a trigger on mv_templates';
COMMENT ON COLUMN _wh.template_indexes.index_name IS 'The name, with {SCHEMA} and {VIEW_NAME} where those stand';
COMMENT ON COLUMN _wh.template_indexes.fingerprint IS 'md5 of is_unique and definition';
COMMENT ON COLUMN _wh.template_indexes.position IS 'The place among the template''s indexes; NULL: it had this one formerly, so tables may still have it';
COMMENT ON COLUMN _wh.template_indexes.definition IS 'What follows the relation in CREATE INDEX';
COMMENT ON COLUMN _wh.template_indexes.key_columns IS 'The columns by which a unique index tells all rows apart; NULL for any other';

ALTER TABLE _wh.slices ADD COLUMN time_column text, ADD COLUMN index_hash text;
COMMENT ON COLUMN _wh.slices.time_column IS 'The template''s time column when the slice was made: its rows are of this day by that one';
COMMENT ON COLUMN _wh.slices.index_hash IS 'md5 of the template''s indexes when the slice''s own view got its indexes; NULL for rows of tables';
COMMENT ON COLUMN _wh.slices.definition_hash IS
    'md5 of the template''s query, columns, time column and unique indexes when the slice was made; another one calls for a new slice';

-- Until now the hash knew the indexes, and not the time column. What it is to know of them is added after the functions, which read them.
UPDATE _wh.slices s
SET definition_hash = md5(jsonb_build_array(t.query_template, t.column_definitions, t.time_column)::text), time_column = t.time_column
FROM _wh.mv_templates t
WHERE t.template_name = s.template_name AND s.definition_hash = md5(jsonb_build_array(t.query_template, t.column_definitions, t.indexes)::text);
-- Rows that were moved from another storage were copied by the time column.
UPDATE _wh.slices s SET time_column = t.time_column
FROM _wh.mv_templates t WHERE t.template_name = s.template_name AND s.definition_hash IS NULL AND s.loaded_at IS NOT NULL;
