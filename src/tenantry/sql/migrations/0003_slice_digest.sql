-- What the source itself says of a slice's rows, so that the next refresh of a window pulls only the days that differ.
ALTER TABLE _wh.slices ADD COLUMN digest text;
COMMENT ON COLUMN _wh.slices.digest IS
    'The source''s own count and digest of exactly these rows (1:rows:sum of row hashes), or NULL if the load asked for none';
COMMENT ON COLUMN _wh.slices.loaded_at IS 'When the rows were last pulled, or found unchanged at the source';
-- These have one parameter more now, and no function of _wh may be overloaded.
DROP FUNCTION IF EXISTS _wh.update_mv_window_by_template;
DROP PROCEDURE IF EXISTS _wh.refresh_window;
