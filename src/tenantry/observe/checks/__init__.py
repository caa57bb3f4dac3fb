"""What `tenantry doctor` asks: a module for each subject, read-only. `tenantry.observe.health` runs them."""
