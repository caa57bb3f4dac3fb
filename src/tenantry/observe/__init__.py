"""Read-only views of the warehouse's state; the command line, a console and metrics all use these."""
