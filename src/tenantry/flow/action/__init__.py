"""Actions: work that somebody asked for, kept as rows until a worker has done it."""
