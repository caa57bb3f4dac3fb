"""The fleet as a file: what it declares, what the warehouse has, the difference, and applying it."""
