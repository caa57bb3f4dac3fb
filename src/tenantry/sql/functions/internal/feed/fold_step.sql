CREATE OR REPLACE FUNCTION _wh_internal.fold_step(feed _wh.feeds, target_year integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What is left to do of a fold in steps (fold_feed): `show`, the tenant's view still reads the slices;
    -- `drop`, the slices still exist. NULL if the year is not folded, or completely.
    SELECT t.detail FROM _wh_internal.table_states(feed) t
    WHERE t.state = 'folded' AND t.detail IN ('show', 'drop')
        AND t.relname = _wh_internal.kept_stem(feed) || to_char(target_year, '"_"FM0000')
$$;
