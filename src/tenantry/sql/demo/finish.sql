-- After the load: one sort per index is much faster than an entry per row.
ALTER TABLE phood_foodlogsum ADD PRIMARY KEY (id);
CREATE INDEX phood_foodlogsum_logged_time_idx ON phood_foodlogsum (logged_time);
CREATE INDEX phood_menuitem_location_item_idx ON phood_menuitem (location_id, inventory_item_id);
ANALYZE;
