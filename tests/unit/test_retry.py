"""Which errors may pass by themselves, by what PostgreSQL says."""

from __future__ import annotations

import psycopg
import pytest

from tenantry.flow.source.login import ASKS, LoginFailed
from tenantry.loader.retry import may_pass, refuses


@pytest.mark.parametrize(
    "state", ["08000", "08003", "08006", "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"]
)
def test_what_may_pass_is_tried_again(state: str) -> None:
    assert may_pass(psycopg.errors.lookup(state)("it may pass"))


@pytest.mark.parametrize(
    "state", ["42601", "42501", "42804", "42883", "42P01", "22P02", "22012", "23505", "53100"]
)
def test_what_does_not_pass_is_not(state: str) -> None:
    """Syntax, rights, types, names, values, keys, a full disk."""
    assert not may_pass(psycopg.errors.lookup(state)("it stays"))


@pytest.mark.parametrize("state", ["28000", "28P01", "3D000", "42501", "0A000", ASKS])
def test_a_login_that_is_refused_is_not_tried_again(state: str) -> None:
    """Whatever language the server speaks."""
    assert refuses(state)
    assert not may_pass(LoginFailed("SCHWERWIEGEND: Passwort-Authentifizierung fehlgeschlagen", state))


@pytest.mark.parametrize("state", ["53300", "57P03", "08006", None])
def test_a_login_that_found_no_place_or_no_server_is(state: str | None) -> None:
    assert not refuses(state)
    assert may_pass(LoginFailed("does not exist: password authentication failed", state))
