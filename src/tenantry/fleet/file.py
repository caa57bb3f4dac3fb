"""Reading the fleet file, or the files of a folder, into a Fleet."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from tenantry.core import file as files
from tenantry.core.errors import InputError
from tenantry.core.file import Document
from tenantry.core.model import Connection, Template
from tenantry.db.queries import SQL
from tenantry.fleet.model import Alerts, Feed, Fleet, Job, Reader, Source, Tenant
from tenantry.fleet.secrets import Reference, SecretMissing, resolve
from tenantry.fleet.tables import TABLES, ConnectionTable, FeedTable, File, TemplateTable, TenantTable
from tenantry.flow.alert import route
from tenantry.flow.template import file as template_file


@dataclass(frozen=True)
class Unfetched:
    """A secret that a file points to; `place` is its key there."""

    place: str
    reference: Reference
    folder: Path


@dataclass(frozen=True)
class Declared:
    """What a file declares, with secrets that are still to be fetched: those of connections, readers and alerts, by name.

    `paths` are the files, and `texts` what they and the files of templates and queries hold.
    """

    fleet: Fleet
    passwords: Mapping[str, Unfetched]
    readers_passwords: Mapping[str, Unfetched]
    paths: Sequence[Path] = ()
    texts: Mapping[Path, str] = field(default_factory=dict)
    alerts_secrets: Mapping[str, Unfetched] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    path: Path
    tables: File


def read(paths: Sequence[Path], texts: Mapping[Path, str] | None = None) -> Declared:
    """Return what the files declare together: as they are, or as these texts. Secrets are not fetched.

    Raises InputError for invalid values, naming file, table and key.
    """
    library = _Texts(texts)
    return _joined([_checked(files.parse(path, library.fleet(path))) for path in paths], library)


@dataclass
class _Texts:
    """What files hold: those on the disk, which are noted, or those that were noted earlier."""

    noted: Mapping[Path, str] | None
    read: dict[Path, str] = field(default_factory=dict)

    def fleet(self, path: Path) -> str:
        return self._text(path, files.text)

    def sql(self, path: Path) -> str:
        return self._text(path, template_file.text_of)

    def _text(self, path: Path, reader: Callable[[Path], str]) -> str:
        path = Path(os.path.normpath(path.absolute()))
        if self.noted is not None and path not in self.noted:
            raise InputError(
                f"the saved plan lacks {path}", hint="Make it again: tenantry plan --output FILE"
            )
        text = reader(path) if self.noted is None else self.noted[path]
        self.read[path] = text
        return text


def with_secrets(
    declared: Declared, *, readers: Collection[str] = (), fetch: bool = True, leave: Collection[str] = ()
) -> Fleet:
    """Return the fleet with the passwords of its connections and of these readers, and the secrets of its alerts.

    Those that cannot be fetched, or with `fetch` False all, are `unread`. The connections of `leave` are as if the
    file named no password.
    """
    fleet = declared.fleet
    connections = {}
    for name, source in fleet.connections.items():
        secret = None if name in leave else declared.passwords.get(name)
        password, unread = _fetched(secret, fetch)
        connections[name] = replace(source, password=password, unread=unread)
    logins = {}
    for name, reader in (fleet.readers or {}).items():
        password, unread = _fetched(declared.readers_passwords.get(name) if name in readers else None, fetch)
        logins[name] = replace(reader, password=password, unread=unread)
    routes = {}
    for name, alerts in (fleet.alerts or {}).items():
        hidden = None if f"alerts.{name}" in leave else declared.alerts_secrets.get(name)
        password, unread = _fetched(hidden, fetch)
        routes[name] = replace(alerts, secret=password, unread=unread)
    return replace(
        fleet, connections=connections, readers=fleet.readers and logins, alerts=fleet.alerts and routes
    )


def _fetched(secret: Unfetched | None, fetch: bool) -> tuple[SecretStr | None, str | None]:
    """The secret, or why it is not known."""
    if secret is None:
        return None, None
    if not fetch:
        return None, f"{secret.place}: not read, because of --no-secrets"
    try:
        return resolve(secret.reference, secret.folder), None
    except SecretMissing as reason:
        return None, f"{secret.place}: {reason}"


def builtin(name: str) -> Template | None:
    """The template with that name that comes with the program, or None."""
    resource = SQL / "templates" / f"{name}.sql"
    if "/" in name or not resource.is_file():
        return None
    (found,) = template_file.parse(resource.read_text(encoding="utf-8"), f"{name}.sql")
    return found.template


# One file -------------------------------------------------------------------------------------------------------------


def _checked(document: Document) -> _Part:
    try:
        return _Part(document.path, File.model_validate(document.tables))
    except ValidationError as error:
        # Leave out the values, because one may be a password.
        found = [_told(item["loc"], item["type"], item["msg"]) for item in error.errors(include_input=False)]
    raise InputError(f"{document.path}: {'; '.join(found)}")


def _told(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    place = _place(loc)
    if kind == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), _keys(loc), 1)
        return f"{place}: unknown key" + (f', did you mean "{near[0]}"?' if near else "")
    if kind == "missing":
        return f"{place} is missing"
    words = message.removeprefix("Value error, ")
    return f"{place}: {words[0].lower()}{words[1:]}"


def _place(loc: tuple[int | str, ...]) -> str:
    """`tenants.acme.port`; a job by its number, counted from 1, as in `jobs[2].name`."""
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    """The known keys in the place of an unknown one."""
    if len(loc) == 1:
        return list(File.model_fields)
    table = FeedTable if "feeds" in loc[:-1] else TABLES[str(loc[0])]
    return list(table.model_fields)


# All files together ---------------------------------------------------------------------------------------------------


def _joined(parts: Sequence[_Part], library: _Texts) -> Declared:
    for key in ("warehouse", "schedule"):
        given = [part.path for part in parts if getattr(part.tables, key) is not None]
        if len(given) > 1:
            raise InputError(f"the table {key} is in {given[0]} and in {given[1]}")
    passwords: dict[str, Unfetched] = {}
    readers_passwords: dict[str, Unfetched] = {}
    alerts_secrets: dict[str, Unfetched] = {}
    templates = _templates(parts, library)
    connections: dict[str, Source] = {}
    tenants: dict[str, Tenant] = {}
    for path, name, table in _all(parts, "connections"):
        connections[name] = _source(name, table)
        _note(table.password, name, f"connections.{name}", path, passwords)
    for path, name, table in _all(parts, "tenants"):
        place = f"{path}: tenants.{name}"
        own = _own_address(table, place)
        if own is not None:
            connection = table.connection or name
            if connection in connections:
                raise InputError(f"{place}: connection {connection} is declared twice")
            connections[connection] = _source(connection, own)
            _note(own.password, connection, f"tenants.{name}", path, passwords)
        elif table.connection is None:
            raise InputError(f"{place}: neither an address (host, dbname, username) nor a connection")
        tenants[name] = _tenant(name, table, path, library)
    present = {key for part in parts for key in File.model_fields if getattr(part.tables, key) is not None}
    schedule = next((part.tables.schedule for part in parts if part.tables.schedule), None)
    return Declared(
        Fleet(
            templates=templates if "templates" in present else None,
            connections=connections,
            other_connections="connections" not in present,
            tenants=tenants if "tenants" in present else None,
            readers=_readers(parts, readers_passwords) if "readers" in present else None,
            jobs=_jobs(parts) if "jobs" in present else None,
            alerts=_alerts(parts, alerts_secrets) if "alerts" in present else None,
            automatic=schedule is not None and schedule.automatic,
        ),
        passwords,
        readers_passwords,
        [part.path for part in parts],
        library.read,
        alerts_secrets,
    )


def _all(parts: Sequence[_Part], key: str) -> Iterator[tuple[Path, str, Any]]:
    """The tables of all files under `key`, each with its file and name. Raises InputError for a name in two files."""
    where: dict[str, Path] = {}
    for part in parts:
        for name, table in (getattr(part.tables, key) or {}).items():
            if name in where:
                raise InputError(f"{key}.{name} is in {where[name]} and in {part.path}")
            where[name] = part.path
            yield part.path, name, table


def _templates(parts: Sequence[_Part], library: _Texts) -> dict[str, Template]:
    found: dict[str, Template] = {}
    for path, name, table in _all(parts, "templates"):
        template = _template(path, name, table, library)
        found[name] = replace(
            template,
            storage=table.storage or template.storage,
            partition_by=table.partition_by or template.partition_by,
            ahead=template.ahead if table.ahead is None else str(table.ahead),
            lookback=template.lookback if table.lookback is None else str(table.lookback),
            description=table.description or template.description,
            descriptions=template.descriptions
            if table.descriptions is None
            else {**(template.descriptions or {}), **table.descriptions},
        )
    return found


def _template(path: Path, name: str, table: TemplateTable, library: _Texts) -> Template:
    if table.file is None:
        known = builtin(name)
        if known is None:
            raise InputError(
                f'{path}: templates.{name} names no file, and no template "{name}" comes with the program'
            )
        return known
    file = path.parent / table.file
    inside = {i.template.name: i.template for i in template_file.parse(library.sql(file), str(file))}
    if name not in inside:
        raise InputError(f"{path}: templates.{name}: {file} holds {', '.join(sorted(inside))} instead")
    return inside[name]


def _own_address(table: TenantTable, place: str) -> ConnectionTable | None:
    address = table.address()
    if not address:
        return None
    missing = [key for key in ("host", "dbname", "username") if key not in address]
    if missing:
        raise InputError(f"{place}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    return ConnectionTable.model_validate(address)


def _note(
    secret: Reference | None,
    name: str,
    place: str,
    path: Path,
    passwords: dict[str, Unfetched],
    key: str = "password",
) -> None:
    if secret is not None:
        passwords[name] = Unfetched(f"{place}.{key}", secret, path.parent)


def _source(name: str, table: ConnectionTable) -> Source:
    options = dict(sorted(table.options.items()))
    return Source(Connection(name, table.host, table.port, table.dbname, table.username, options))


def _tenant(name: str, table: TenantTable, path: Path, library: _Texts) -> Tenant:
    connection = table.connection or name
    strange = [template for template in table.feeds if template not in table.templates]
    if strange:
        raise InputError(f"{path}: tenants.{name}.feeds.{strange[0]}: not among the tenant's templates")
    feeds = {}
    for template in table.templates:
        given = table.feeds.get(template, FeedTable())
        file = path.parent / given.query if given.query else None
        query = template_file.query_of(file, library.sql(file)) if file else None
        feeds[template] = Feed(given.connection or connection, given.storage, query)
    return Tenant(name, connection, feeds, table.disabled, table.automatic)


def _readers(parts: Sequence[_Part], passwords: dict[str, Unfetched]) -> dict[str, Reader]:
    found = {}
    for path, name, table in _all(parts, "readers"):
        _note(table.password, name, f"readers.{name}", path, passwords)
        tenants = None if table.tenants == "all" else tuple(sorted(set(table.tenants)))
        found[name] = Reader(name, tenants, table.connections, table.statement_timeout)
    return found


def _jobs(parts: Sequence[_Part]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for part in parts:
        for table in part.tables.jobs or ():
            if table.name in found:
                raise InputError(f'{part.path}: job "{table.name}" is there twice')
            found[table.name] = Job(table.name, table.schedule, table.command, table.active)
    return found


def _alerts(parts: Sequence[_Part], secrets: dict[str, Unfetched]) -> dict[str, Alerts]:
    found = {}
    for path, name, table in _all(parts, "alerts"):
        _note(table.secret, name, f"alerts.{name}", path, secrets, "secret")
        given = table.model_dump(exclude={"secret"})
        try:
            found[name] = Alerts(route.given(name, **given | {"email": table.email or ()}))
        except InputError as error:
            raise InputError(f"{path}: alerts.{name}: {error.message}", hint=error.hint) from None
    return found
