-- Templates are read and never run: what a column list said beside names and types is kept as a part, too, and a query that could
-- not be sent as one statement is marked.
ALTER TABLE _wh.template_columns ADD COLUMN collation_name text;
COMMENT ON COLUMN _wh.template_columns.collation_name IS 'The collation that was declared, as SQL; NULL for that of the type';
ALTER TABLE _wh.mv_templates ADD COLUMN refusal text;
COMMENT ON COLUMN _wh.mv_templates.refusal IS
    'Why the query is not sent to sources: it was stored before queries were checked, and would be refused now. NULL: it was checked';
