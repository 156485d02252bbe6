"""Whether orders come from the mirror or from the service: what the setting says, and by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django import db
from django.test import override_settings

from statuspro import MirrorError
from statuspro.contrib.django.sources import mirror_in_use
from statuspro.sandbox import Sandbox
from tests.support.rows import fill

# Of no type: checkers take its cached properties for what makes them.
connections: Any = db.connections


@pytest.fixture
def another_database(project: None, tmp_path: Path) -> Iterator[Any]:
    """Puts another database in the place of the project's: `another_database(ENGINE=...)`."""
    kept = connections["default"]

    def use(**settings: Any) -> None:
        given = {**connections.settings["default"], "NAME": str(tmp_path / "new"), **settings}
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(connections.settings, "default", given)
            del connections["default"]
            connections["default"] = connections.create_connection("default")

    yield use
    connections["default"].close()
    connections["default"] = kept


def test_the_mirror_is_in_use_once_a_sync_has_run_through(database: None, sandbox: Sandbox) -> None:
    assert mirror_in_use() is None
    fill(sandbox)
    assert mirror_in_use() is not None
    with override_settings(STATUSPRO={"MIRROR": False}):
        assert mirror_in_use() is None


def test_a_mirror_that_is_wanted_has_to_be_there(database: None, sandbox: Sandbox) -> None:
    with override_settings(STATUSPRO={"MIRROR": True}):
        with pytest.raises(MirrorError, match="statuspro_sync"):
            mirror_in_use()
        fill(sandbox)
        assert mirror_in_use() is not None


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"NAME": "/nowhere/at/all"},
        {"ENGINE": "django.db.backends.dummy"},
        {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "1"},
    ],
    ids=["no tables", "no file", "no database", "no server"],
)
def test_without_a_mirror_s_tables_the_service_is_asked(
    settings: dict[str, Any], another_database: Any
) -> None:
    another_database(**settings)
    assert mirror_in_use() is None


def test_a_project_without_the_app_has_no_mirror(project: None) -> None:
    with override_settings(INSTALLED_APPS=["django.contrib.contenttypes"]):
        assert mirror_in_use() is None
