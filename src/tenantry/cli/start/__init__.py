"""`tenantry start`, and the commands for connections."""
