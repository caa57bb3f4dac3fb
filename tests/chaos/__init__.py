"""A campaign of random operations and faults against a warehouse, whose every row is compared with its sources."""
