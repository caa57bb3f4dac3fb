"""Reading what a COPY sends: it runs before its messages are asked for, and never outlives its block."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tenantry.flow.slice.copy_out import CopyOut
from tenantry.flow.source.deadline import Budget, TooMuch
from tests.support.databases import Source
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

MANY = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT"


@pytest.fixture
def opened(source: Source) -> Iterator[psycopg.Connection]:
    with psycopg.connect(source.conninfo, autocommit=True) as session:
        yield session


def usable(session: psycopg.Connection) -> bool:
    return session.execute("SELECT 1").fetchone() == (1,)


def test_a_copy_that_is_read_to_its_end_says_how_many_rows_it_had(opened: psycopg.Connection) -> None:
    with CopyOut(opened, MANY) as copy:
        assert sum(len(message) for batch in copy.batches() for message in batch) == 20_000 * 1001
        assert copy.rows == 20_000
        assert usable(opened)


def test_a_copy_works_before_anybody_reads_it(opened: psycopg.Connection) -> None:
    with CopyOut(opened, "COPY (SELECT pg_sleep(0.2)) TO STDOUT") as copy:
        assert not copy.answered()
        wait_until(copy.answered)
        assert list(map(len, copy.batches())) == [1]


@pytest.mark.parametrize("batches", [0, 1])
def test_a_copy_that_is_left_early_ends(opened: psycopg.Connection, batches: int) -> None:
    with CopyOut(opened, MANY) as copy:
        for _, _batch in zip(range(batches), copy.batches(), strict=False):
            pass
    assert usable(opened)


def test_a_budget_that_is_exceeded_does_not_keep_a_copy_from_ending(opened: psycopg.Connection) -> None:
    with pytest.raises(TooMuch), CopyOut(opened, MANY, Budget(None, 100_000, 100_000)) as copy:
        list(copy.batches())
    assert usable(opened)


@pytest.mark.parametrize("value", ["1 / 0", "1 / (n - 5000)"], ids=["at once", "later"])
def test_the_error_of_a_copy_is_raised(opened: psycopg.Connection, value: str) -> None:
    statement = f"COPY (SELECT {value}, repeat('x', 100) FROM generate_series(1, 9999) n) TO STDOUT"
    with pytest.raises(psycopg.errors.DivisionByZero), CopyOut(opened, statement) as copy:
        list(copy.batches())
    assert usable(opened)


def test_a_copy_is_one_statement(opened: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.SyntaxError), CopyOut(opened, f"{MANY}; SELECT 1") as copy:
        list(copy.batches())
    assert usable(opened)
