"""Commands that load, compare and fold days."""
