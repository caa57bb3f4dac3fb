"""Templates: stored, read from files, drafted, tried, and brought to what was made of them."""
