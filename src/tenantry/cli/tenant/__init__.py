"""Commands for tenants, their sources and readers."""
