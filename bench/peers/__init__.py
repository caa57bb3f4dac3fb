"""Other programs that do the same work: how each is called, and whether its results are right."""
