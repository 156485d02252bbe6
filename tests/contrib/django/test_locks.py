"""One synchronisation of a database at a time, in threads, processes and forks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from statuspro import MirrorError
from tests.contrib.django.conftest import SETTINGS
from tests.support.forks import runs_in_fork
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.processes import Process

_HOLDS = """
import sys, django
django.setup()
from django.db import connections
from statuspro.contrib.django.locks import alone
import json
connections.settings["other"] = connections.configure_settings(
    {"default": {}, "other": json.loads(sys.argv[1])})["other"]
with alone("other"):
    print("held", flush=True)
    sys.stdin.read()
"""


def alone(using: str) -> Any:
    from statuspro.contrib.django.locks import alone

    return alone(using)


@contextmanager
def also_database(alias: str, settings: dict[str, Any]) -> Iterator[None]:
    """One more database of the project."""
    from django.db import connections

    given = connections.configure_settings({"default": {}, alias: settings})
    connections.settings[alias] = given[alias]
    try:
        yield
    finally:
        connection = connections[alias]
        connection.close()
        if connection.connection is not None:  # Django keeps a database in memory open
            connection.connection.close()
        del connections[alias], connections.settings[alias]


def assert_taken(using: str) -> None:
    with pytest.raises(MirrorError, match=r"Another sync of .* is under way"), alone(using):
        raise AssertionError


@pytest.fixture(params=["default", "postgres", "rows", "memory"])
def locked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The alias of a database of each kind of lock."""
    name = request.param
    request.getfixturevalue("migrated" if name == "default" else "migrated_postgres")
    if name == "rows":
        from statuspro.contrib.django import locks

        monkeypatch.setattr(locks, "_take_advisory_lock", locks._lock_row)
    if name == "memory":
        memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        with also_database("memory", memory):
            yield name
    else:
        yield {"rows": "postgres"}.get(name, name)


def test_a_second_one_is_refused_also_in_another_thread(locked: str) -> None:
    errors: list[BaseException] = []

    def second() -> None:
        from django.db import connections

        try:
            assert_taken(locked)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    for _ in range(2):
        with alone(locked):
            assert_taken(locked)
            if locked != "memory":  # where each thread has a database of its own
                thread = threading.Thread(target=second)
                thread.start()
                thread.join()
    assert errors == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_give_the_lock_back(locked: str) -> None:
    from django.db import connections

    with ExitStack() as stack:
        stack.enter_context(alone(locked))
        connections.close_all()  # as every project does that forks

        def child() -> None:
            stack.close()

        assert runs_in_fork(child)
        assert_taken(locked)


@pytest.mark.parametrize("locked", ["default", "postgres", "rows"], indirect=True)
def test_code_that_closes_the_project_s_connections_does_not_give_the_lock_back(
    locked: str,
) -> None:
    from django.db import connections

    with alone(locked):
        connections.close_all()
        assert_taken(locked)
    with alone(locked):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")
@pytest.mark.parametrize("locked", ["default", "postgres"], indirect=True)
def test_a_killed_process_leaves_no_lock(locked: str) -> None:
    from django.db import connections

    given = connections[locked].settings_dict
    names = ("ENGINE", "NAME", "USER", "HOST")
    settings = json.dumps({name: given[name] for name in names if given[name]})
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
    with Process[bytes](
        [sys.executable, "-c", _HOLDS, settings],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert_taken(locked)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def is_free() -> bool:  # the server needs a moment to see the end
        try:
            with alone(locked):
                return True
        except MirrorError:
            return False

    assert eventually(is_free)


def test_a_server_that_has_cut_the_connection_ends_nothing_else(migrated_postgres: None) -> None:
    from django.db import connections

    from statuspro.contrib.django import locks

    with alone("postgres"):
        (own,) = locks._holding
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [own.connection.info.backend_pid])
    assert locks._holding == []


def test_a_folder_in_the_lock_s_place_is_named(tmp_path: Path, project: None) -> None:
    path = tmp_path / "shop.sqlite3"
    (tmp_path / "shop.sqlite3-statuspro-lock").mkdir()
    with (
        also_database("file", {"ENGINE": "django.db.backends.sqlite3", "NAME": path}),
        pytest.raises(MirrorError, match="statuspro-lock cannot be locked"),
        alone("file"),
    ):
        raise AssertionError
