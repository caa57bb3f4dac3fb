"""The command line: a module per command group, each command a thin layer over one library function."""
