"""What the workload `reports` is made of: warehouses, plain tables of the same rows, and queries."""
