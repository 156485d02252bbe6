"""The mixin in unittest's and Django's test cases, as their own runners run them."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path

import pytest

import statuspro
from statuspro.sandbox import Sandbox
from statuspro.testing import OtherOriginError, SandboxTestCase

OUTSIDE = statuspro.StatusProClient("key", "https://app.orderstatuspro.com/api/v1")


class Shop(SandboxTestCase):
    sandbox_options = {"orders": 3}  # noqa: RUF012

    def setUp(self) -> None:  # which forgets `super().setUp()`
        self.total_at_setup = statuspro.StatusProClient().list_orders()["meta"]["total"]

    def tearDown(self) -> None:
        statuspro.StatusProClient().get_statuses()

    def test_each_test_has_a_sandbox_of_its_own(self) -> None:
        assert self.total_at_setup == 3
        assert len(self.sandbox.requests) == 1
        assert self.statuspro.base_url == self.sandbox.base_url
        self.sandbox.add_order()

    def test_another_test_finds_nothing_of_it(self) -> None:
        self.test_each_test_has_a_sandbox_of_its_own()

    def test_a_client_of_another_origin_fails(self) -> None:
        with pytest.raises(OtherOriginError):
            OUTSIDE.get_statuses()


class Asynchronous(SandboxTestCase, unittest.IsolatedAsyncioTestCase):
    async def test_a_coroutine(self) -> None:
        assert self.statuspro.get_statuses()


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", "of-the-machine")
    case = Shop("test_each_test_has_a_sandbox_of_its_own")
    result = unittest.TestResult()
    case.run(result)
    case.debug()
    assert result.wasSuccessful()
    assert result.testsRun == 1
    assert statuspro.StatusProClient().base_url == "https://app.orderstatuspro.com/api/v1"
    assert not hasattr(case, "sandbox")


def test_a_failure_is_told_and_the_sandbox_stops() -> None:
    class Failing(SandboxTestCase):
        def test_it(self) -> None:
            kept.append(self.sandbox)
            self.fail("as it should")

    kept: list[Sandbox] = []
    result = unittest.TestResult()
    Failing("test_it").run(result)
    assert len(result.failures) == 1
    assert kept[0].port == 0


DJANGO = """
from django.conf import settings
from django.test import SimpleTestCase, TestCase
from statuspro.sandbox import Sandbox
from statuspro.contrib.django import get_client
from statuspro.testing import OtherOriginError, SandboxTestCase

OUTSIDE = get_client()

class OfDjango(SandboxTestCase, TestCase):
    def test_djangos_client_is_djangos(self):
        self.assertIsNot(self.client, self.statuspro)
        self.assertTrue(self.statuspro.get_statuses())
        self.assertNotIn("API_KEY", settings.STATUSPRO)
        with self.assertRaises(OtherOriginError):
            OUTSIDE.get_statuses()

class Simple(SandboxTestCase, SimpleTestCase):
    def test_it(self):
        self.assertTrue(get_client().get_statuses())
        self.assertIsNot(get_client(), OUTSIDE)
        self.assertIsNone(get_client().rate_limit)
"""

SETTINGS = """
SECRET_KEY = "of tests"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
STATUSPRO = {"API_KEY": "of-the-machine"}
"""


def test_djangos_own_runner_runs_them(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(DJANGO)
    (tmp_path / "shop_settings.py").write_text(SETTINGS)
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "django",
            "test",
            "--settings",
            "shop_settings",
            "--pythonpath",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "Ran 2 tests" in run.stderr, run.stderr
    assert run.returncode == 0
