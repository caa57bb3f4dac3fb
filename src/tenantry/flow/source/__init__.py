"""A tenant's source: its connection, and sessions on it."""
