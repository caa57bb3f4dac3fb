"""What Superset reads of a view, through its own API: see reads.py, whose arguments these are, without the library.

It adds the warehouse as a database and the view as a dataset, and asks for a chart's data, as the browser does. Each login is a
database of its own there.
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


def main(schema: str, name: str, day: str, *rest: str) -> None:
    """Print what each check finds."""
    api = Api()
    status, made = api.post(
        "database/",
        extra=json.dumps({"engine_params": {"connect_args": {"options": "-c timezone=UTC"}}}),
        database_name=os.environ["PGUSER"],
        sqlalchemy_uri=address(),
    )
    assert status == 201, made
    if day == "limited":
        for place in rest:
            print("limited", place, rows(api, made["id"], place, name), sep="\t")
        return
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
        time_range=f"{day} : {rest[0]}",
        row_limit=10,
    )
    print("query", " ".join(chart["query"].split()), sep="\t")
    (row,) = chart["data"]
    print("sum", row["total"], sep="\t")
    print("first", row["first"], sep="\t")


def rows(api: Api, database: int, schema: str, name: str) -> object:
    """How many rows the login finds there."""
    status, dataset = api.post("dataset/", database=database, schema=schema, table_name=name)
    if status != 201:
        return f"failed: {dataset}"
    count = {"expressionType": "SQL", "sqlExpression": "count(*)", "label": "count"}
    status, answer = api.post(
        "chart/data",
        datasource={"id": dataset["id"], "type": "table"},
        queries=[{"columns": [], "metrics": [count]}],
        force=True,
    )
    if status == 200 and answer["result"][0]["data"]:
        return answer["result"][0]["data"][0]["count"]
    return "refused" if "permission denied" in str(answer) else f"failed: {answer}"


main(*sys.argv[1:])
