"""Loading many slices: planning, several at once, resuming, and taking in a new tenant."""
