"""A Citus cluster: its nodes, a further node, and moving shards between them."""
