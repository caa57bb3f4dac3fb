"""Sessions on the warehouse: connecting, installing, named queries, and PostgreSQL's errors in our words."""
