"""The command line: a module per command group, each command a thin layer over one library function.

The commands import what they call inside themselves: `--help` and completion wait for none of it, and a command only
for its own.
"""
