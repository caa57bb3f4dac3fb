"""What `tenantry doctor` checks: one module per subject, read-only. `tenantry.observe.health` runs them."""
