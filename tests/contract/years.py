"""Two whole years of one tenant, taken through the manual once: what each statement answered, and the warehouse after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString

import psycopg

from tests.contract.roles import acting
from tests.support.databases import Source, Warehouse

ROWS = {2020: 367, 2021: 365}
"""One row a day, and one more in the last microsecond of 2020."""

DAILY_COUNT: LiteralString = (
    "SELECT COUNT(*) AS daily_mvs_count FROM pg_matviews"
    " WHERE schemaname = 'harbour' AND matviewname LIKE 'foodlogstats_2020_%'"
)

PER_YEAR: LiteralString = r"""
SELECT
    EXTRACT(YEAR FROM TO_DATE(regexp_replace(matviewname, '.*_(\d{4}_\d{2}_\d{2})$', '\1'), 'YYYY_MM_DD')) AS year,
    COUNT(*) AS daily_mvs_count
FROM pg_matviews
WHERE schemaname = 'harbour' AND matviewname LIKE 'foodlogstats_%'
GROUP BY EXTRACT(YEAR FROM TO_DATE(regexp_replace(matviewname, '.*_(\d{4}_\d{2}_\d{2})$', '\1'), 'YYYY_MM_DD'))
ORDER BY year"""

TOTALS: LiteralString = """
SELECT schema_name, COUNT(*) AS record_count FROM public.foodlogstats GROUP BY schema_name
UNION ALL
SELECT 'TOTAL' AS schema_name, COUNT(*) AS record_count FROM public.foodlogstats"""

FOLD: LiteralString = "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'harbour', {})"

STORAGE: LiteralString = (
    "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
    " WHERE relnamespace IN ('harbour'::regnamespace, '_wh_data'::regnamespace) AND relkind IN ('m', 'r')"
)


@dataclass
class Years:
    """A warehouse whose tenant `harbour` has both years in yearly tables, and the answers on the way there.

    What the manual has done for each of two years is done for 2020 as whadmin and for 2021 as postgres.
    """

    warehouse: Warehouse
    source: Source
    answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def ask(self, name: str, statement: LiteralString, role: str = "whadmin") -> None:
        """Run a statement of the manual and keep what it answers."""
        self.answers[name] = acting(self.warehouse, role).rows(statement)

    def value(self, name: str) -> Any:
        """The first column of the first row of an answer."""
        return self.answers[name][0][0]

    def load(self) -> None:
        """Fill the source, add the tenant, pull both years, check and publish them."""
        self.source.fill(date(2020, 1, 1), 366 + 365, 1)
        self.source.log([(1, "2020-12-31 23:59:59.999999+00")])
        self.warehouse.connect_to(self.source, "harbour_conn")
        self.warehouse.make_schema("harbour")
        # That all four are made is seen elsewhere.
        self.warehouse.index_less()
        for year, role, window in (
            (2020, "whadmin", "'2020-01-01', '2020-12-31'"),
            (2021, "postgres", "'2021-01-01', '2021-12-31'"),
        ):
            self.ask(
                f"load {year}",
                f"SELECT _wh.update_mv_window_by_template('foodlogstats', 'harbour_conn', 'harbour', {window})",
                role,
            )
            self.ask(
                f"union {year}",
                "SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'harbour_conn', 'harbour')",
                role,
            )
            self.ask(
                f"check {year}",
                f"SELECT _wh.check_views_by_template_for_year('foodlogstats', 'harbour', {year})",
                role,
            )
            self.ask(f"public {year}", "SELECT _wh.update_public_view_by_template('foodlogstats')", role)
            self.ask(f"totals {year}", TOTALS, role)
            self.ask(f"per year {year}", PER_YEAR, role)

    def convert(self, *, fails: bool) -> None:
        """Fail once, where a table has to be built and indexed, then convert both years."""
        self.ask("daily before", DAILY_COUNT)
        self.ask("storage before", STORAGE)
        if fails:
            self.fail()
        self.ask("fold 2020", FOLD.format(2020), "whadmin")
        self.ask("fold 2021", FOLD.format(2021), "postgres")
        self.ask("storage after", STORAGE)

    def fail(self) -> None:
        """Try to convert a year by a template with an index that cannot be made."""
        self.warehouse.run(
            "UPDATE _wh.mv_templates SET indexes = indexes || '; CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (nowhere)'"
        )
        try:
            self.warehouse.run(FOLD.format(2020))
        except psycopg.errors.UndefinedColumn as error:
            self.answers["failure"] = [(str(error),)]
        self.ask("daily after failure", DAILY_COUNT)
        self.ask("table after failure", "SELECT to_regclass('harbour.foodlogstats_2020')")
        self.ask("totals after failure", TOTALS)
        self.warehouse.index_less()
