"""A Django project in this process, from the first test that needs it on; and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.support.browser import axe_core as axe_core
from tests.support.browser import browser as browser
from tests.support.paths import ROOT
from tests.support.postgres import Cluster
from tests.support.postgres import postgres as postgres

SETTINGS = "tests.contrib.django.project.settings"

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Django as the project configures it. It stays: a process can be configured once."""
    import django

    # Not by the environment: the processes that other tests start have their own settings.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SETTINGS_MODULE", SETTINGS)
        patch.setenv("SHOP_DATABASE", str(tmp_path_factory.mktemp("project") / "db.sqlite3"))
        django.setup()


@pytest.fixture(scope="session")
def migrated(project: None) -> None:
    """The project's database, a file of this process, has its tables."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


@pytest.fixture
def database(migrated: None) -> Iterator[None]:
    """The project's database: what the test writes is rolled back, so nothing is committed.

    `TestCase.captureOnCommitCallbacks(execute=True)` runs what waits for the commit.
    """
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def committing_database(migrated: None) -> Iterator[None]:
    """The project's database: what the test writes is committed, and deleted after the test.

    For what waits for the commit, and for threads and processes. `database` is faster.
    """
    yield
    empty()


@pytest.fixture(scope="session")
def migrated_postgres(migrated: None, postgres: Cluster) -> Iterator[None]:
    """A database `postgres` of the project, on a server of this process, has its tables."""
    from django.core.management import call_command
    from django.db import connections

    more = {"postgres": postgres.database_settings("shop")}
    connections.configure_settings({**connections.settings, **more})  # fills in the defaults
    connections.settings.update(more)
    call_command("migrate", database="postgres", verbosity=0)
    yield
    connections["postgres"].close()
    del connections["postgres"], connections.settings["postgres"]


@pytest.fixture(params=["default", "postgres"])
def each_database(request: pytest.FixtureRequest) -> str:
    """Each of the project's databases, SQLite and PostgreSQL, in turn: its alias.

    The test leaves it as it was.
    """
    alias: str = request.param
    request.getfixturevalue("migrated" if alias == "default" else "migrated_postgres")
    return alias


@pytest.fixture
def alias(each_database: str) -> Iterator[str]:
    """The alias of each of the project's databases in turn: see `committing_database`."""
    yield each_database
    empty(each_database)


def empty(using: str = "default") -> None:
    """Deletes all rows but those that the migrations make: content types and permissions.

    Args:
        using: the alias of the database.
    """
    from django.apps import apps
    from django.db import transaction

    with transaction.atomic(using):  # foreign keys are looked at when it ends
        for model in apps.get_models(include_auto_created=True):
            if model.__name__ not in ("ContentType", "Permission"):
                model._base_manager.using(using)._raw_delete(using)


@pytest.fixture(autouse=True)
def no_client_of_another_test(project: None) -> Iterator[None]:
    """Each test begins and ends without a client."""
    from statuspro.contrib.django import reset_client

    reset_client()
    yield
    reset_client()


@pytest.fixture(autouse=True)
def no_language_of_another_test(project: None) -> Iterator[None]:
    """Each test begins in the project's language: a request leaves its visitor's active."""
    from django.utils import translation

    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture
def of_sandbox(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """The setting STATUSPRO of a project that talks to the sandbox, in force."""
    from django.test import override_settings

    given = {"API_KEY": sandbox.api_key, "BASE_URL": sandbox.base_url, "RATE_LIMIT": None}
    with override_settings(STATUSPRO=given):
        yield given


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """Runs a command of Django in a process of its own, in an empty folder."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "PYTHONWARNINGS": "error",  # as pytest has it: what Django will remove is an error
            "SHOP_DATABASE": str(tmp_path / "db.sqlite3"),
        }
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=tmp_path,
            env={**os.environ, **settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
