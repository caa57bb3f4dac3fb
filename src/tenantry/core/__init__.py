"""Types, settings and errors. Imports nothing else from Tenantry."""
