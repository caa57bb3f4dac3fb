-- A template says what its columns mean. Its descriptions become comments of what reports read; which of the comments there are
-- written by that is kept, so that everybody else's stay.
ALTER TABLE _wh.mv_templates ADD COLUMN column_descriptions jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN _wh.mv_templates.description IS 'What the template is: the comment of its views. At most 1,000 characters';
COMMENT ON COLUMN _wh.mv_templates.column_descriptions IS
    'What its columns mean, by their names: comments of the views'' columns. At most 1,000 characters each';

CREATE TABLE _wh.view_comments (
    schema_name text NOT NULL,
    view_name text NOT NULL,
    comments jsonb NOT NULL,
    PRIMARY KEY (schema_name, view_name)
);
COMMENT ON TABLE _wh.view_comments IS 'Comments that were written last on tenant views and public views: another one is somebody else''s, and stays';
COMMENT ON COLUMN _wh.view_comments.comments IS 'By the names of columns; under the empty name, the one of the view itself';
