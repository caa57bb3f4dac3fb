"""Where the warehouse is: which of several answers counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenantry.core.errors import InputError
from tenantry.core.file import find
from tenantry.core.settings import Target, resolve


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder three levels below one that is empty but for what the test puts there."""
    deep = tmp_path_factory.mktemp("settings") / "a" / "b" / "c"
    deep.mkdir(parents=True)
    return deep


def write(folder: Path, text: str) -> None:
    (folder / "tenantry.toml").write_text(text, encoding="utf-8")


def test_each_answer_goes_before_those_after_it(folder: Path) -> None:
    write(folder, '[warehouse]\ndsn = "host=file"')
    environment = {"TENANTRY_DSN": "host=variable", "PGSERVICE": "a-service", "PGHOST": "libpq"}
    assert resolve("host=option", environment, folder) == Target("host=option", "--dsn")
    assert resolve(None, environment, folder) == Target("host=variable", "TENANTRY_DSN")
    del environment["TENANTRY_DSN"]
    assert resolve(None, environment, folder) == Target("", "service")
    del environment["PGSERVICE"]
    assert resolve(None, environment, folder) == Target("host=file", "tenantry.toml")
    (folder / "tenantry.toml").unlink()
    assert resolve(None, environment, folder) == Target("", "libpq environment")
    del environment["PGHOST"]
    assert resolve(None, environment, folder) == Target("embedded:", "embedded")


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER"])
def test_each_of_libpqs_variables_means_another_server(folder: Path, name: str) -> None:
    assert resolve(None, {name: "1"}, folder).origin == "libpq environment"


@pytest.mark.parametrize("name", ["PGPASSWORD", "PGTZ", "PGOPTIONS", "HOME"])
def test_variables_that_name_no_server_do_not(folder: Path, name: str) -> None:
    assert resolve(None, {name: "1"}, folder).origin == "embedded"


def test_what_is_empty_is_no_answer(folder: Path) -> None:
    write(folder, "[warehouse]\n")
    assert resolve("", {"TENANTRY_DSN": "", "PGSERVICE": "", "PGHOST": ""}, folder).origin == "embedded"


def test_the_file_is_looked_for_in_the_folders_above_and_the_nearest_counts(folder: Path) -> None:
    write(folder.parent.parent, '[warehouse]\ndsn = "host=far"')
    assert resolve(None, {}, folder).dsn == "host=far"
    write(folder.parent, '[warehouse]\ndsn = "host=near"')
    assert resolve(None, {}, folder).dsn == "host=near"


def test_the_files_of_tenantry_d_are_read_with_the_one_beside_it(folder: Path) -> None:
    (folder / "tenantry.d").mkdir()
    (folder / "tenantry.d" / "b.toml").write_text('[warehouse]\ndsn = "host=b"')
    (folder / "tenantry.d" / "a.txt").write_text("no TOML")
    assert resolve(None, {}, folder).dsn == "host=b"
    write(folder, "[tenants]")
    assert resolve(None, {}, folder).dsn == "host=b"
    assert find(folder) == [folder / "tenantry.toml", folder / "tenantry.d" / "b.toml"]


def test_a_file_that_is_named_is_read_in_place_of_the_nearest(folder: Path) -> None:
    write(folder, '[warehouse]\ndsn = "host=near"')
    write(folder.parent, '[warehouse]\ndsn = "host=named"')
    assert resolve(None, {}, folder, folder.parent / "tenantry.toml").dsn == "host=named"
    assert resolve(None, {}, folder, folder.parent).dsn == "host=named"
    with pytest.raises(InputError, match="does not exist"):
        resolve(None, {}, folder, folder / "absent.toml")


def test_other_tables_of_the_file_are_left_to_others(folder: Path) -> None:
    write(folder, '[backup]\nfolder = "/backup"\n[warehouse]\ndsn = "host=file"')
    assert resolve(None, {}, folder).dsn == "host=file"


@pytest.mark.parametrize(
    "text, reason",
    [
        ("[warehouse", "end of a table declaration"),
        ("dsn = ", "Invalid value"),
        ("[warehouse]\ndsn = 5", "warehouse.dsn: Input should be a valid string"),
        ('[warehouse]\npassword = "hunter2"', "warehouse.password: Extra inputs are not permitted"),
        ('warehouse = "hunter2"', "warehouse: Input should be"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_without_its_secrets(
    folder: Path, text: str, reason: str
) -> None:
    write(folder, text)
    with pytest.raises(InputError) as caught:
        resolve(None, {}, folder)
    assert str(folder / "tenantry.toml") in caught.value.message
    assert reason in caught.value.message
    assert "hunter2" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "tenantry.toml").write_bytes('[warehouse]\ndsn = "host=größe"'.encode("latin-1"))
    with pytest.raises(InputError, match="cannot be read"):
        resolve(None, {}, folder)


def test_a_broken_file_does_no_harm_where_it_is_not_needed(folder: Path) -> None:
    write(folder, "[warehouse")
    assert resolve("host=option", {}, folder).dsn == "host=option"


@pytest.mark.parametrize(
    "dsn, directory",
    [("embedded:", None), ("embedded:/srv/warehouse", Path("/srv/warehouse")), ("host=x", False)],
)
def test_a_target_tells_the_directory_of_an_embedded_server(dsn: str, directory: Path | bool | None) -> None:
    assert Target(dsn, "--dsn").embedded_directory == directory


def test_the_directory_of_an_embedded_server_may_begin_at_home() -> None:
    assert Target("embedded:~/warehouse", "--dsn").embedded_directory == Path.home() / "warehouse"
