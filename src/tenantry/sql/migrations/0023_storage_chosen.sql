-- A template that says no storage gets the one that suits it, by a trigger (follow_time_column): partition with a time column, matview
-- without. What a template has now counts as chosen, so an upgrade changes nothing for it or its future tenants.
ALTER TABLE _wh.mv_templates ADD COLUMN storage_chosen boolean;
UPDATE _wh.mv_templates SET storage_chosen = true;
ALTER TABLE _wh.mv_templates ALTER COLUMN storage_chosen SET NOT NULL;
ALTER TABLE _wh.mv_templates ALTER COLUMN storage DROP DEFAULT;
COMMENT ON COLUMN _wh.mv_templates.storage IS 'How new tenants of it are kept; if nothing is said: partition with a time_column, '
    'matview without';
COMMENT ON COLUMN _wh.mv_templates.storage_chosen IS 'Somebody said the storage; otherwise it follows the time_column';
