"""Commands for the fleet's file."""
