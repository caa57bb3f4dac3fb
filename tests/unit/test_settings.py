"""Where the warehouse is: which of several answers counts."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from tenantry.core.errors import InputError
from tenantry.core.file import find
from tenantry.core.settings import Target, resolve

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


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
    assert resolve(None, environment, folder) == Target("", "libpq environment")
    del environment["PGHOST"]
    assert resolve(None, environment, folder) == Target("host=file", "tenantry.toml")
    (folder / "tenantry.toml").unlink()
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


def test_a_file_that_a_variable_names_goes_before_libpqs_variables_and_after_an_option(folder: Path) -> None:
    write(folder, '[warehouse]\ndsn = "host=near"')
    write(folder.parent, '[warehouse]\ndsn = "host=named"')
    (folder / "other.toml").write_text('[warehouse]\ndsn = "host=option"')
    environment = {"TENANTRY_FILE": str(folder.parent / "tenantry.toml"), "PGHOST": "libpq"}
    assert resolve(None, environment, folder) == Target("host=named", "the file that is named")
    assert resolve(None, environment, folder, folder / "other.toml").dsn == "host=option"
    write(folder.parent, "")
    del environment["PGHOST"]
    assert resolve(None, environment, folder).origin == "embedded"


def strange(place: Path, how: str) -> None:
    """Let somebody else have written what lies in the folder."""
    match how:
        case "everybody may write to the file":
            (place / "tenantry.toml").chmod(0o606)
        case "the group may write to the file":
            (place / "tenantry.toml").chmod(0o660)
            if os.geteuid() == 0:
                os.chown(place / "tenantry.toml", 0, 12345)
        case "everybody may write to the folder":
            place.chmod(0o777)
        case "everybody may write to the folder, which is sticky":
            place.chmod(0o1777)
        case "the file is somebody else's":
            os.chown(place / "tenantry.toml", 12345, 12345)
        case "the folder is somebody else's":
            os.chown(place, 12345, 12345)
        case "the link is somebody else's":
            (place / "tenantry.toml").rename(place / "real")
            (place / "tenantry.toml").symlink_to("real")
            os.chown(place / "tenantry.toml", 12345, 12345, follow_symlinks=False)
        case "tenantry.d is somebody else's":
            (place / "tenantry.d").mkdir()
            (place / "tenantry.d" / "a.toml").touch()
            os.chown(place / "tenantry.d", 12345, 12345)


ways_of_anybody = [
    "everybody may write to the file",
    "everybody may write to the folder",
    "everybody may write to the folder, which is sticky",
]
ways_of_root = [
    "the group may write to the file",
    "the file is somebody else's",
    "the folder is somebody else's",
    "the link is somebody else's",
    "tenantry.d is somebody else's",
]


@pytest.mark.parametrize(
    "how", [*ways_of_anybody, *(pytest.param(way, marks=root_only) for way in ways_of_root)]
)
def test_a_found_file_that_somebody_else_may_have_written_is_refused_unless_it_is_named(
    folder: Path, how: str
) -> None:
    place = folder.parent
    write(place, '[warehouse]\ndsn = "host=evil"')
    strange(place, how)
    with pytest.raises(InputError, match=r"tenantry\.toml is not read: ") as caught:
        resolve(None, {"PGPASSWORD": "hunter2"}, folder)
    assert "TENANTRY_FILE=" in (caught.value.hint or "")
    assert resolve(None, {"PGHOST": "here"}, folder).origin == "libpq environment"
    assert resolve(None, {"TENANTRY_FILE": str(place / "tenantry.toml")}, folder).dsn == "host=evil"


@root_only
def test_a_file_that_a_group_may_write_to_is_read_if_the_group_is_its_owners_alone(folder: Path) -> None:
    write(folder, '[warehouse]\ndsn = "host=file"')
    file = folder / "tenantry.toml"
    file.chmod(0o660)
    os.chown(file, 0, 0)
    assert resolve(None, {}, folder).dsn == "host=file"
    other = next(group for group in grp.getgrall() if group.gr_gid and not group.gr_mem)
    os.chown(file, 0, other.gr_gid)
    with pytest.raises(InputError, match=f"the group {other.gr_name} may write to"):
        resolve(None, {}, folder)


@root_only
def test_under_sudo_the_files_of_who_called_it_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, '[warehouse]\ndsn = "host=file"')
    os.chown(folder, 12345, 12345)
    os.chown(folder / "tenantry.toml", 12345, 12345)
    for uid, read in (("12345", True), ("54321", False), ("", False), ("12345x", False)):
        monkeypatch.setenv("SUDO_UID", uid)
        if read:
            assert resolve(None, {}, folder).dsn == "host=file"
        else:
            with pytest.raises(InputError, match="belongs to the account 12345"):
                resolve(None, {}, folder)


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
