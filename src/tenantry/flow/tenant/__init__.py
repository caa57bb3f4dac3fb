"""A tenant: its schema, its state, its readers and jobs, and its end."""
