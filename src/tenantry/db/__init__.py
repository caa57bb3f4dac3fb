"""Sessions on the warehouse: connecting, installing, named queries, and turning PostgreSQL's errors into Tenantry's."""
