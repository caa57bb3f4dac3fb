"""What is measured: a module for each workload, listed in `bench.__main__`."""
