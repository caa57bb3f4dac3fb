"""The demo: tenants with made-up data, and a warehouse for them."""
