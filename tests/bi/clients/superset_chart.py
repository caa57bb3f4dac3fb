"""What Superset reads of a view, through its own API: see reads.py, whose arguments these are, without the library.

It adds the warehouse as a database and the view as a dataset, and asks for a chart's data, as the browser does.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any
from urllib.parse import quote


def address() -> str:
    user, password, host, port, dbname = (
        quote(os.environ[name], safe="")
        for name in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")
    )
    return f"postgresql+psycopg2://{user}:{password}@{host}:{port}/{dbname}"


class Api:
    """Superset's API, as an administrator."""

    def __init__(self) -> None:
        from superset.app import create_app

        self.client = create_app().test_client()
        login = {"username": "admin", "password": "admin-password", "provider": "db"}
        token = self.client.post("/api/v1/security/login", json=login).json["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        answer = self.client.post(f"/api/v1/{path}", json=body, headers=self.headers)
        return answer.status_code, answer.json

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=self.headers).json

    def chart(self, dataset: int, **query: Any) -> Any:
        status, answer = self.post(
            "chart/data", datasource={"id": dataset, "type": "table"}, queries=[query], force=True
        )
        assert status == 200, answer
        return answer["result"][0]


def main(schema: str, name: str, day: str, next_day: str) -> None:
    """Print what each check finds."""
    api = Api()
    status, made = api.post(
        "database/",
        extra=json.dumps({"engine_params": {"connect_args": {"options": "-c timezone=UTC"}}}),
        database_name=f"{schema} {day} {os.environ['PGUSER']}",
        sqlalchemy_uri=address(),
    )
    assert status == 201, made
    status, dataset = api.post("dataset/", database=made["id"], schema=schema, table_name=name)
    assert status == 201, dataset
    for column in api.get(f"dataset/{dataset['id']}")["result"]["columns"]:
        print("column", column["column_name"], column["type"], column["description"], sep="\t")
    total = {"expressionType": "SQL", "sqlExpression": "sum(amount)", "label": "total"}
    count = {"expressionType": "SQL", "sqlExpression": "count(*)", "label": "count"}
    first = {"expressionType": "SQL", "sqlExpression": "min(at)", "label": "first"}
    chart = api.chart(
        dataset["id"],
        columns=[],
        metrics=[total, count, first],
        granularity="at",
        time_range=f"{day} : {next_day}",
        row_limit=10,
    )
    print("query", " ".join(chart["query"].split()), sep="\t")
    (row,) = chart["data"]
    print("sum", row["total"], sep="\t")
    print("first", row["first"], sep="\t")


main(*sys.argv[1:])
