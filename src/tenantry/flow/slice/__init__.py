"""Slices of a feed: loaded, compared, published, folded and moved."""
