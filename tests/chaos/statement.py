"""`python -m tests.chaos.statement CONNINFO STATEMENT`: what a job does."""

from __future__ import annotations

import sys

import psycopg


def main() -> int:
    """Run the statement; 1 if it fails, with its error."""
    conninfo, statement = sys.argv[1:]
    try:
        with psycopg.connect(conninfo, autocommit=True) as session:
            session.execute(statement.encode())
    except psycopg.Error as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
