"""A real PostgreSQL in a temporary folder, on a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

USER = "statuspro"

#: Where Debian and Ubuntu keep the programs of each release; they are not in the PATH.
_DEBIAN = Path("/usr/lib/postgresql")

#: Accounts that may stand in for root, as whom PostgreSQL does not run.
_UNPRIVILEGED = ("postgres", "nobody")

#: Seconds until a server that does not start is given up. The machine may be busy.
_PATIENCE = 30

# Ends the server and removes its folder as soon as the pipe ends: when the fixture closes it, or
# when the process of the tests has died.
_WATCH = """
cat >/dev/null
kill -QUIT "$1"
left=500
while [ -e "$2/data/postmaster.pid" ] && [ $((left -= 1)) -gt 0 ]; do sleep 0.01; done
rm -rf "$2"
"""

# What is kept for one run of the tests need not survive a crash of the machine.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "jit=off")


class MissingError(Exception):
    """PostgreSQL cannot be started on this machine."""


class Cluster:
    """A running server with databases of its own.

    Args:
        folder: of its data and its socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def database_settings(self, name: str) -> dict[str, Any]:
        """An entry of Django's DATABASES, for a database that is made when it is not there."""
        self._create(name)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": USER,
            "HOST": str(self.folder),
        }

    def is_ready(self) -> bool:
        """Whether the server accepts connections."""
        import psycopg

        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, name: str = "postgres") -> Any:
        """A connection of psycopg's to a database, in which each statement is a transaction."""
        import psycopg

        return psycopg.connect(host=str(self.folder), user=USER, dbname=name, autocommit=True)

    def _create(self, name: str) -> None:
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not known.fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Makes a cluster, starts its server, and removes both at the end.

    Raises:
        MissingError: this machine has no PostgreSQL, or no account to run it.
    """
    programs, owner = _programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="statuspro-pg-"))
    if owner:
        shutil.chown(folder, owner["user"], owner["group"])
    try:
        _make(programs, folder, owner)
        with _server(programs, folder, owner) as server:
            yield _awaited(Cluster(folder), server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of the newest release that is installed."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        found = [Path(path)] if (path := shutil.which("initdb")) else []
    if not found:
        raise MissingError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found[-1].resolve().parent


def _owner() -> dict[str, Any]:
    """As whom the server runs, as keywords of Popen; none where that is the user of the tests."""
    if os.geteuid() != 0:
        return {}
    known = {account.pw_name: account for account in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known:
            account = known[name]
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise MissingError(
        f"PostgreSQL does not run as root, and there is no {' or '.join(_UNPRIVILEGED)}"
    )


def _environment(programs: Path) -> dict[str, str]:
    return {"PATH": f"{programs}:{os.defpath}", "LC_ALL": "C", "TZ": "UTC"}


def _make(programs: Path, folder: Path, owner: dict[str, Any]) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", USER]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        command, cwd=folder, env=_environment(programs), capture_output=True, text=True, **owner
    )
    if made.returncode:
        raise MissingError(f"PostgreSQL makes no cluster in {folder}: {made.stderr.strip()}")


@contextmanager
def _server(programs: Path, folder: Path, owner: dict[str, Any]) -> Iterator[subprocess.Popen[Any]]:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for setting in ("listen_addresses=", *_FAST):
        command += ["-c", setting]
    # Ctrl-C is for the tests, which then end the server.
    apart: dict[str, Any] = {
        "cwd": folder,
        "env": _environment(programs),
        "start_new_session": True,
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **apart, **owner)
    watch = ["sh", "-c", _WATCH, "sh", str(server.pid), str(folder)]
    watcher = subprocess.Popen(
        watch, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, **apart, **owner
    )
    try:
        yield server
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        server.wait(_PATIENCE)
        watcher.wait(_PATIENCE)


def _awaited(started: Cluster, server: subprocess.Popen[Any]) -> Cluster:
    deadline = time.monotonic() + _PATIENCE
    while not started.is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            log = (started.folder / "log").read_text(encoding="utf-8", errors="replace")
            raise MissingError(f"PostgreSQL does not start: {log.strip()}")
        time.sleep(0.02)
    return started


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server of this process's own, from the first test that needs it on."""
    try:
        with cluster() as started:
            yield started
    except MissingError as error:
        pytest.fail(str(error), pytrace=False)
