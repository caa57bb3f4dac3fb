-- Reports see a column `day`, the UTC day of a row, which the views compute. A view only takes new columns at its end, so columns that a
-- template gains later come after it.
ALTER TABLE _wh.template_columns ADD COLUMN after_day boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN _wh.template_columns.after_day IS 'The column was added later, and comes after the column `day` in the views';
