"""The documentation's page on what customers see: its files, put into the project of the first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statuspro.contrib.django import conf, views
from tests.contrib.django.conftest import Manage
from tests.contrib.django.test_page_django import PAGE as FIRST
from tests.contrib.django.test_page_django import files_of
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "django-customers.rst"
TEMPLATES = Path(views.__file__).parent / "templates" / "statuspro"

# What the page promises of its own views, form and template.
TESTS = """
from django.core.cache import cache
from django.test import TestCase, override_settings
from statuspro.testing import SandboxTestCase
from shop.forms import MoveForm

class CustomersPage(SandboxTestCase, TestCase):
    def setUp(self):
        cache.clear()

    def look_up(self, path, **headers):
        given = {"number": "1", "email": "eve@example.com"}
        return self.client.post(path, given, headers=headers)

    def test_the_shop_s_header(self):
        self.assertContains(self.client.get("/order/"), "The oak workshop")

    def test_the_address_that_a_proxy_tells(self):
        hosts = [*range(12), *[99] * 11]
        pages = [self.look_up("/find/", **{"x-real-ip": f"192.0.2.{host}"}) for host in hosts]
        self.assertEqual([page.status_code for page in pages], [200] * 22 + [429])

    def test_the_choice_of_a_status(self):
        self.assertIn("In Production", str(MoveForm()))
"""


def test_the_files_of_the_page_work_in_a_project(tmp_path: Path, manage: Manage) -> None:
    assert manage("startproject", "shop", str(tmp_path)).returncode == 0
    first = [file for file in files_of(FIRST.read_text(encoding="utf-8")) if "settings" in file[0]]
    for name, text in [*first, *files_of(PAGE.read_text(encoding="utf-8"))]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)
    (tmp_path / "shop" / "tests.py").write_text(TESTS, encoding="utf-8")
    settings = {"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    run = manage("test", "shop", **settings)
    assert run.returncode == 0, run.stderr
    assert "Ran 3 tests" in run.stderr


def test_the_page_names_every_setting_template_and_block() -> None:
    text = PAGE.read_text(encoding="utf-8")
    asked = {"LOOKUP_TRIES", "LOOKUP_PERIOD", "CACHE", "STATUSES_TTL", "SUMMARY_TTL", "MIRROR"}
    assert asked <= set(conf.OWN)
    assert [key for key in asked if f"``{key}``" not in text] == []
    for template in TEMPLATES.glob("*.html"):
        blocks = set(re.findall(r"{% block (\w+) %}", template.read_text(encoding="utf-8")))
        if blocks:
            assert f"``statuspro/{template.name}``" in text
        assert [block for block in blocks if f"``{block}``" not in text] == []


@pytest.mark.parametrize("key", ["LOOKUP_TRIES", "LOOKUP_PERIOD", "STATUSES_TTL", "SUMMARY_TTL"])
def test_the_page_has_the_defaults(key: str) -> None:
    assert f"``{key}`` ({conf.value_of(key):g})" in PAGE.read_text(encoding="utf-8")
