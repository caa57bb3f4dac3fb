"""Templates: stored, read from files, drafted and tried; and fitting existing tables to them."""
