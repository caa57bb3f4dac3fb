"""The workers of a load, what each takes next, and how many work at a time."""
