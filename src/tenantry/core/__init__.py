"""Types, settings and errors. Imports nothing else of Tenantry."""
