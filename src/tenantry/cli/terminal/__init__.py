"""How commands write: texts with styles, lines of a width, tables, help, and the two streams."""
