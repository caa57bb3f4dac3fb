"""The command line: a module per command group, each command a thin layer over one library function.

Each command imports what it calls inside itself, so that `--help` and completion load none of it, and a command loads
only what it needs.
"""
