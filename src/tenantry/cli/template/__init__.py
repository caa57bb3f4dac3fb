"""Commands for templates."""
