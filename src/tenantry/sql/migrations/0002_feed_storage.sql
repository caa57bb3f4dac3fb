-- Where a feed's slices are kept is decided when the feed is opened; changing a template's storage says how new feeds
-- begin, and moving the old ones is an operation of its own.
ALTER TABLE _wh.feeds ADD COLUMN storage text NOT NULL DEFAULT 'matview' CHECK (storage IN ('matview', 'partition'));
COMMENT ON COLUMN _wh.feeds.storage IS 'How this feed''s slices are kept now';
