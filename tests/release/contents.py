"""What the archives of a release must hold, and must not."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

#: What installers make of the wheel: the command, and the plugin that pytest finds.
ENTRY_POINTS = {
    "console_scripts": "statuspro = statuspro.cli:main",
    "pytest11": "statuspro.testing = statuspro.testing",
}

#: What the source archive has beside the repository's files: written by setuptools, and the man
#: pages.
MADE = re.compile(r"PKG-INFO|statuspro\.egg-info/[\w.-]+|man/statuspro[\w-]*\.1")


def package_files(root: Path) -> set[str]:
    """Finds the files of the package in a tree; Python's own caches do not count."""
    files = (path for path in (root / "statuspro").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in files if path.suffix != ".pyc"}


def faults_of_wheel(wheel: Path, package: Iterable[str]) -> list[str]:
    """Compares a wheel with the package's files, and looks for its entry points."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.endswith("/")}
        points = next(name for name in packed if name.endswith(".dist-info/entry_points.txt"))
        sections = archive.read(points).decode().split("[")
    files = {name for name in packed if ".dist-info/" not in name}
    missing = [
        f"no entry point {point!r}"
        for group, point in ENTRY_POINTS.items()
        if not any(part.startswith(f"{group}]") and point in part for part in sections)
    ]
    return [*differences(files, package), *missing]


def faults_of_source(source: Path, repository: Iterable[str]) -> list[str]:
    """Compares a source archive with the repository's files."""
    with tarfile.open(source) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    pages = any(name.startswith("man/") for name in names)
    files = {name for name in names if not MADE.fullmatch(name)}
    return [*differences(files, repository), *([] if pages else ["no man pages"])]


def differences(packed: Iterable[str], wanted: Iterable[str]) -> Iterator[str]:
    """Tells which files are missing and which are too many."""
    packed, wanted = set(packed), set(wanted)
    yield from (f"{name} is missing" for name in sorted(wanted - packed))
    yield from (f"{name} does not belong there" for name in sorted(packed - wanted))
