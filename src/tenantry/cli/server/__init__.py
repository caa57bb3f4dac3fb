"""Commands for the server and the whole warehouse."""
