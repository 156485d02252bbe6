"""The bytes of a source archive depend on its files alone; what is wrong in an archive is found."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.release.archives import digest, normalize
from tests.release.contents import ENTRY_POINTS, faults_of_source, faults_of_wheel

MOMENT = 1_700_000_000


def pack(
    path: Path, names: Iterable[str], *, mtime: float = 0, owner: str = "", mode: int = 0o644
) -> Path:
    """Writes a source archive as setuptools might on some machine."""
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"statuspro-1.0/{name}")
            member.mtime, member.uname, member.mode = int(mtime), owner, mode
            member.pax_headers = {"mtime": str(mtime)}
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return path


def test_a_source_archive_has_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    first = pack(tmp_path / "first.tar.gz", ["a.py", "b.py"], mtime=1.5, owner="ann")
    again = pack(tmp_path / "again.tar.gz", ["b.py", "a.py"], mtime=2.25, owner="bob", mode=0o664)
    assert digest(first) != digest(again)
    for archive in (first, again):
        normalize(archive, MOMENT)
    assert digest(first) == digest(again)
    assert sorted(tmp_path.iterdir()) == [again, first]


def test_a_source_archive_keeps_its_files_and_what_may_be_run(tmp_path: Path) -> None:
    archive = pack(tmp_path / "one.tar.gz", ["run"], mode=0o775)
    normalize(archive, MOMENT)
    with tarfile.open(archive) as packed:
        (member,) = packed
        content = packed.extractfile(member)
        assert content is not None
        assert (member.name, content.read(), member.mode) == ("statuspro-1.0/run", b"run", 0o755)
        assert member.mtime == MOMENT
    assert int.from_bytes(archive.read_bytes()[4:8], "little") == MOMENT  # of gzip itself


def make_wheel(path: Path, names: Iterable[str], points: Iterable[tuple[str, str]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
        text = "".join(f"[{group}]\n{point}\n" for group, point in points)
        archive.writestr("statuspro-1.0.dist-info/entry_points.txt", text)
    return path


def test_a_file_too_many_or_too_few_in_a_wheel_is_found(tmp_path: Path) -> None:
    names = ["statuspro/__init__.py", "tests/test_it.py"]
    wheel = make_wheel(tmp_path / "one.whl", names, ENTRY_POINTS.items())
    assert faults_of_wheel(wheel, ["statuspro/__init__.py", "statuspro/py.typed"]) == [
        "statuspro/py.typed is missing",
        "tests/test_it.py does not belong there",
    ]


@pytest.mark.parametrize("group", ENTRY_POINTS)
def test_an_entry_point_that_a_wheel_lacks_is_found(group: str, tmp_path: Path) -> None:
    point = ENTRY_POINTS[group]
    others = [each for each in ENTRY_POINTS.items() if each[0] != group]
    wheel = make_wheel(tmp_path / "one.whl", [], [*others, ("gui_scripts", point)])
    assert faults_of_wheel(wheel, []) == [f"no entry point {point!r}"]


def test_a_file_too_many_or_too_few_in_a_source_archive_is_found(tmp_path: Path) -> None:
    made = ["PKG-INFO", "statuspro.egg-info/SOURCES.txt"]
    source = pack(tmp_path / "one.tar.gz", [*made, "setup.cfg", "key.pem"])
    assert faults_of_source(source, ["setup.cfg", "docs/index.rst"]) == [
        "docs/index.rst is missing",
        "key.pem does not belong there",
        "no man pages",
    ]
    whole = pack(tmp_path / "two.tar.gz", [*made, "setup.cfg", "man/statuspro-list.1"])
    assert faults_of_source(whole, ["setup.cfg"]) == []
