"""Which names the program takes for a new tenant; in SQL any schema may be one."""

from __future__ import annotations

import pytest

from tenantry.core.errors import InputError
from tenantry.core.names import check_tenant_name


@pytest.mark.parametrize(
    "name", ["acme", "Acme", "two words", "100%", "[red]", "a.b", "größe", "x" * 63, "ü" * 31, "pg"]
)
def test_a_name_that_a_schema_may_have_is_taken(name: str) -> None:
    check_tenant_name(name)


@pytest.mark.parametrize(
    "name, reason",
    [
        ("", "may not be empty"),
        ('a"b', "hold quotes"),
        ("a'b", "hold quotes"),
        ("a\\b", "backslashes"),
        ("a\nb", "control characters"),
        ("a\x00b", "control characters"),
        ("x" * 64, "longer than the 63 bytes"),
        ("ü" * 32, "longer than the 63 bytes"),
        ("public", "PostgreSQL or Tenantry uses itself"),
        ("pg_mine", "PostgreSQL or Tenantry uses itself"),
        ("_wh", "PostgreSQL or Tenantry uses itself"),
        ("_wh_internal", "PostgreSQL or Tenantry uses itself"),
        ("cron", "PostgreSQL or Tenantry uses itself"),
        ("information_schema", "PostgreSQL or Tenantry uses itself"),
    ],
)
def test_a_name_that_it_may_not_have_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        check_tenant_name(name)
    assert "\n" not in caught.value.message
