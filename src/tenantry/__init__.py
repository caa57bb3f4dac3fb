"""Tenantry: a multi-tenant PostgreSQL warehouse run from Python."""

__version__ = "0.1.0"
