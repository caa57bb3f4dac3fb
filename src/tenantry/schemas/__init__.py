"""What other programs read: how results become JSON, and the JSON Schemas of results and of the fleet's file."""
