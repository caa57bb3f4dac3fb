"""Measurements of speed, run by `make bench`. See README.md."""
