"""Builds both archives of a commit, with the same bytes each time.

The same commit and the same versions of Python, zlib, setuptools and click make the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path


def moment_of(repository: Path) -> int:
    """Returns when the newest commit was made, in seconds since 1970: the archives' date."""
    command = ["git", "-C", str(repository), "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def build(repository: Path, folder: Path) -> list[Path]:
    """Builds the source archive and the wheel of the newest commit; returns their paths.

    The source archive is built from a clone, so that it holds no file that git does not know. The
    wheel is built from the source archive, as packagers do.

    Args:
        repository: where the project lies.
        folder: where the clone is made, in `tree`, and the archives, in `dist`.
    """
    moment, tree, dist = moment_of(repository), folder / "tree", folder / "dist"
    run("git", "clone", "-q", "--local", str(repository), str(tree))
    run(sys.executable, "docs/man.py", "man", cwd=tree, environment={"PYTHONPATH": str(tree)})
    run_build("--sdist", tree, dist, moment)
    (source,) = dist.glob("*.tar.gz")
    normalize(source, moment)
    with tarfile.open(source) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    run_build("--wheel", unpacked, dist, moment)
    return sorted(dist.iterdir())


def run_build(kind: str, tree: Path, dist: Path, moment: int) -> None:
    """Builds one archive in an environment of its own, as pip would."""
    # The wheel's files get this date: setuptools asks for it.
    environment = {"SOURCE_DATE_EPOCH": str(moment)}
    command = (sys.executable, "-m", "build", kind, "--outdir", str(dist), str(tree))
    run(*command, cwd=tree.parent, environment=environment)


def run(*command: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Runs a command, and shows what it has printed where it fails."""
    everything = {**os.environ, **(environment or {})}
    # The umask decides about the modes of files that setuptools writes, which are in the archives.
    done = subprocess.run(
        command, cwd=cwd, env=everything, umask=0o022, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")


def normalize(archive: Path, moment: int) -> None:
    """Writes a source archive anew, so that its bytes depend on its files and the moment alone.

    setuptools gives each member the time at which it was written and its owner on this machine, and
    has no setting for them.
    """
    written = archive.with_suffix(".new")
    with (
        tarfile.open(archive) as source,
        written.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for member in sorted(source.getmembers(), key=lambda member: member.name):
            member.mtime, member.pax_headers = moment, {}
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
    written.replace(archive)


def digest(archive: Path) -> str:
    """Returns the SHA-256 of a file."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()
