"""A live fleet as a file, with template files beside it and without secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import tomlkit
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tomlkit.items import Comment, Table, Trivia

from tenantry.core import storage
from tenantry.core.errors import InputError
from tenantry.core.model import Template
from tenantry.core.settings import EMBEDDED
from tenantry.fleet.file import builtin
from tenantry.fleet.model import Fleet, Job, Reader, Source, Tenant
from tenantry.flow.alert.route import REPEAT, Route, as_text
from tenantry.flow.template import file as template_file
from tenantry.flow.template.insert import USUAL

_HEAD = """\
The fleet of a Tenantry warehouse, written by tenantry export.
  tenantry plan   shows how the warehouse differs from this file
  tenantry apply  changes the warehouse to match
A kind of thing that this file does not mention is left alone."""


SCHEMA_FILE = "tenantry.schema.json"
"""The file's schema, which is written next to it; editors find it by the first line of the file."""


@dataclass(frozen=True)
class Exported:
    """Files by path, relative to the first one's folder, and the variables in which `plan` will look for secrets."""

    files: Mapping[str, str]
    variables: tuple[str, ...]


def export(fleet: Fleet, dsn: str, name: str = "tenantry.toml") -> Exported:
    """The file `name` for a fleet, one for each template that does not come with the program, and the schema by which
    editors complete and check the file.
    """
    writer = _Writer(fleet)
    document = tomlkit.document()
    document.add(Comment(Trivia(comment=f"#:schema ./{SCHEMA_FILE}")))
    for line in _HEAD.splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    if fleet.jobs is not None and not fleet.jobs:
        document.add("jobs", tomlkit.array())
        document.add(tomlkit.nl())
    if dsn:
        warehouse = tomlkit.table()
        warehouse.add("dsn", without_password(dsn))
        document.add("warehouse", warehouse)
    for key, tables in writer.tables():
        document.add(key, tables)
    if fleet.automatic:
        schedule = tomlkit.table()
        schedule.add("automatic", True)
        document.add("schedule", schedule)
    if fleet.jobs:
        jobs = tomlkit.aot()
        for job in fleet.jobs.values():
            jobs.append(_job(job))
        document.add("jobs", jobs)
    files = {name: tomlkit.dumps(document), **writer.files, SCHEMA_FILE: schema()}
    return Exported(files, tuple(writer.variables))


def schema() -> str:
    """The JSON Schema of the file."""
    return (resources.files("tenantry.fleet") / "fleet.schema.json").read_text(encoding="utf-8")


def without_password(dsn: str) -> str:
    """The same connection string without its password."""
    if dsn.startswith(EMBEDDED):
        return dsn
    parts = conninfo_to_dict(dsn)
    parts.pop("password", None)
    return make_conninfo(**{key: str(value) for key, value in parts.items()})


def write(exported: Exported, file: Path, *, force: bool) -> list[Path]:
    """Write the files, each as a whole or not at all; return those that were written or already had this content.

    Raises InputError if a file exists with another content, unless `force` is set; nothing is written then.
    """
    texts = {
        file.parent / name if number else file: text
        for number, (name, text) in enumerate(exported.files.items())
    }
    try:
        for path, text in texts.items():
            # The schema is the program's, and follows its version.
            if force or path.name == SCHEMA_FILE:
                continue
            if path.exists() and path.read_bytes() != text.encode():
                raise InputError(f"{path} exists and differs", hint="Give --force to overwrite it.")
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as error:
        raise InputError(f"{error.filename or file} cannot be written: {error.strerror}") from None
    return list(texts)


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text.encode())
    new.replace(path)


class _Writer:
    """The tables of a fleet. Collects the template files and the variables on the way."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.files: dict[str, str] = {}
        self.variables: list[str] = []

    def tables(self) -> list[tuple[str, Table]]:
        """The key and table of each kind that the fleet mentions."""
        fleet = self.fleet
        own = _own_connections(fleet)
        tenants = {
            name: self._tenant(tenant, fleet.connections.get(own.get(name, "")))
            for name, tenant in (fleet.tenants or {}).items()
        }
        shared = {
            name: self._source(source)
            for name, source in fleet.connections.items()
            if name not in own.values()
        }
        return [
            (key, _super(tables))
            for key, tables, there in (
                (
                    "templates",
                    {n: self._template(t) for n, t in (fleet.templates or {}).items()},
                    fleet.templates,
                ),
                ("connections", shared, shared or None),
                ("tenants", tenants, fleet.tenants),
                ("readers", {n: self._reader(r) for n, r in (fleet.readers or {}).items()}, fleet.readers),
                ("alerts", {n: self._alerts(a.route) for n, a in (fleet.alerts or {}).items()}, fleet.alerts),
            )
            if there is not None
        ]

    def _template(self, template: Template) -> Table:
        table = tomlkit.table()
        known = builtin(template.name)
        if known is not None and template_file.merged(known, template) == template:
            for key, usual in (("storage", None), ("partition_by", "year")):
                if getattr(template, key) != usual:
                    table.add(key, getattr(template, key))
            for key, usual in USUAL.items():
                value = getattr(template, key)
                if value and value != usual:
                    table.add(key, int(value))
            if not table:
                table.comment("comes with the program")
            return table
        path = f"templates/{_free(_file_stem(template.name), self.files, 'templates/{}.sql')}.sql"
        self.files[path] = template_file.as_file(template)
        table.add("file", path)
        return table

    def _source(self, source: Source) -> Table:
        table = tomlkit.table()
        self._address(table, source)
        return table

    def _address(self, table: Table, source: Source) -> None:
        address = source.connection
        table.add("host", address.host)
        if address.port != 5432:
            table.add("port", address.port)
        table.add("dbname", address.dbname)
        table.add("username", address.username)
        if source.password is not None:
            table.add("password", self._secret(address.name))
        if address.options:
            options = tomlkit.inline_table()
            options.update(address.options)
            table.add("options", options)

    def _tenant(self, tenant: Tenant, source: Source | None) -> Table:
        table = tomlkit.table()
        if tenant.connection != tenant.name or source is None:
            table.add("connection", tenant.connection)
        if source is not None:
            self._address(table, source)
        table.add("templates", list(tenant.feeds))
        if not tenant.automatic:
            table.add("automatic", False)
        if tenant.disabled is not None:
            table.add("disabled", tenant.disabled)
        feeds = tomlkit.table(is_super_table=True)
        for name, feed in tenant.feeds.items():
            entry = tomlkit.table()
            if feed.connection != tenant.connection:
                entry.add("connection", feed.connection)
            if feed.storage != _storage_of(self.fleet, name):
                entry.add("storage", feed.storage)
            if feed.query is not None:
                stem = _free(_file_stem(f"{tenant.name}_{name}"), self.files, "queries/{}.sql")
                self.files[f"queries/{stem}.sql"] = feed.query.strip("\n") + "\n"
                entry.add("query", f"queries/{stem}.sql")
            if entry:
                feeds.add(name, entry)
        if feeds:
            table.add("feeds", feeds)
        return table

    def _reader(self, reader: Reader) -> Table:
        table = tomlkit.table()
        table.add("tenants", "all" if reader.tenants is None else list(reader.tenants))
        table.add("password", self._secret(f"reader_{reader.name}"))
        for key in ("connections", "statement_timeout"):
            if getattr(reader, key) is not None:
                table.add(key, getattr(reader, key))
        return table

    def _alerts(self, route: Route) -> Table:
        table = tomlkit.table()
        if route.kind == "email":
            table.add("email", list(route.recipients))
            table.add("smtp", route.address)
            table.add("sender", route.sender)
        else:
            table.add(route.kind, route.address)
        if route.has_secret:
            table.add("secret", self._secret(f"alerts_{route.name}", "SECRET"))
        if route.severity != "warning":
            table.add("severity", route.severity)
        for key in ("tenants", "templates"):
            if getattr(route, key):
                table.add(key, list(getattr(route, key)))
        if route.repeat_after != REPEAT:
            table.add("repeat_after", as_text(route.repeat_after))
        if route.plain:
            table.add("plain", True)
        return table

    def _secret(self, name: str, kind: str = "PASSWORD") -> str:
        stem = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "SOURCE"
        variable = f"TENANTRY_{_free(stem, self.variables, f'TENANTRY_{{}}_{kind}')}_{kind}"
        self.variables.append(variable)
        return f"env:{variable}"


def _job(job: Job) -> Table:
    table = tomlkit.table()
    table.add("name", job.name)
    table.add("schedule", job.schedule)
    table.add("command", job.command)
    if not job.active:
        table.add("active", False)
    return table


def _super(tables: Mapping[str, Table]) -> Table:
    # Without a heading of its own, unless that is all it has.
    parent = tomlkit.table(is_super_table=bool(tables))
    for name, table in tables.items():
        parent.add(name, table)
    return parent


def _own_connections(fleet: Fleet) -> dict[str, str]:
    """The connection to write into each tenant's own table: the one it uses, unless other tenants use it, too."""
    users: dict[str, set[str]] = {}
    for tenant in (fleet.tenants or {}).values():
        for used in (tenant.connection, *(feed.connection for feed in tenant.feeds.values())):
            users.setdefault(used, set()).add(tenant.name)
    return {
        tenant.name: tenant.connection
        for tenant in (fleet.tenants or {}).values()
        if len(users[tenant.connection]) == 1 and tenant.connection in fleet.connections
    }


def _storage_of(fleet: Fleet, template: str) -> str | None:
    found = (fleet.templates or {}).get(template)
    return storage.of_template(found.storage, found.time_column) if found else None


def _file_stem(name: str) -> str:
    """A file name for a template's name: letters, digits, `_` and `-`."""
    return re.sub(r"[^\w-]+", "_", name, flags=re.ASCII)[:80] or "template"


def _free(stem: str, taken: Collection[Any], form: str) -> str:
    """`stem`, or `stem` with a number, so that `form` with it is not taken; some systems ignore case."""
    known = {str(name).lower() for name in taken}
    free, number = stem, 2
    while form.format(free).lower() in known:
        free, number = f"{stem}_{number}", number + 1
    return free
