"""The demo: tenants with made-up data, and a warehouse of them."""
