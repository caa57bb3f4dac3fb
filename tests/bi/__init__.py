"""What BI tools list and read of a warehouse, through the libraries that they use: the same in both storages (make test-bi)."""
