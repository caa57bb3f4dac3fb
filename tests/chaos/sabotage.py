"""Ways to break the warehouse's own functions that a campaign has to notice."""

from __future__ import annotations

from tests.chaos.world import World

SABOTAGES: dict[str, tuple[str, str, str]] = {
    # The function, what its text has, and what stands there instead.
    "deletes skipped": (
        "merge_days",
        "EXECUTE format('DELETE FROM %s t WHERE %s AND NOT EXISTS",
        "EXECUTE format('DELETE FROM %s t WHERE false AND %s AND NOT EXISTS",
    ),
    "a day half published": ("source_select", "AS t(%s)'", "AS t(%s) LIMIT 7'"),
    "everything unchanged": (
        "unchanged_days",
        "AND s.digest = digests ->> to_char(s.slice_date::timestamp, 'YYYY-MM-DD')",
        "AND s.digest IS NOT NULL",
    ),
}


def apply(world: World, name: str) -> None:
    """Put a sabotage in place. Raises LookupError if the function does not read as it is to be changed."""
    function, before, after = SABOTAGES[name]
    with world.operator() as session:
        row = session.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = '_wh_internal'::regnamespace AND proname = %s",
            (function,),
        ).fetchone()
        text: str = row[0] if row else ""
        if before not in text:
            raise LookupError(f"_wh_internal.{function} does not hold {before!r}")
        session.execute(text.replace(before, after).encode())
