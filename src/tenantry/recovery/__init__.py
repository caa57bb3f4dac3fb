"""Recovering a warehouse: backup, restore, and loading what is missing."""
