"""A tenant: its schema, state, readers and jobs, and dropping it."""
