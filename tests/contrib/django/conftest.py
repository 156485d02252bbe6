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
from tests.support.postgres import postgres as postgres

SETTINGS = "tests.contrib.django.project.settings"

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def project() -> None:
    """Django as the project configures it. It stays: a process can be configured once."""
    import django

    # Not by the environment: the processes that other tests start have their own settings.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SETTINGS_MODULE", SETTINGS)
        django.setup()


@pytest.fixture(autouse=True)
def no_client_of_another_test(project: None) -> Iterator[None]:
    """Each test begins and ends without a client."""
    from statuspro.contrib.django import reset_client

    reset_client()
    yield
    reset_client()


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
