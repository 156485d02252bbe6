"""The documentation's page on Django: its Python makes a project that works."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from statuspro.contrib import django as app
from tests.contrib.django.conftest import Manage
from tests.support.paths import ROOT
from tests.test_docs import blocks_of

PAGE = ROOT / "docs" / "django.rst"

BASE = """
from tests.contrib.django.project.settings import *
INSTALLED_APPS, MIDDLEWARE, ROOT_URLCONF = [], [], "shop.urls"
"""

URLS = """
from django.urls import path
from shop import views
urlpatterns = [
    path("orders/<int:order_id>", views.order_status),
    path("names/<int:order_id>", views.order_name),
]
"""

# What the page promises of its async view and of the middleware.
MORE = """
    def test_the_async_view(self):
        with Sandbox() as sandbox:
            settings = {"API_KEY": sandbox.api_key, "BASE_URL": sandbox.base_url}
            with override_settings(STATUSPRO=settings):
                self.assertIn("name", self.client.get(f"/names/{sandbox.add_order()}").json())
                self.assertEqual(self.client.get("/orders/1").status_code, 404)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a project that holds what the page says, and what a new project has."""
    files = {"__init__.py": "", "settings.py": BASE, "urls.py": URLS}
    for block in blocks_of(PAGE):
        found = re.match(r"\s*# shop/(\w+\.py)\n", block)
        assert found, "each block begins with the name of its file"
        files[found[1]] = files.get(found[1], "") + block
    files["tests.py"] += MORE
    (tmp_path / "shop").mkdir()
    for name, text in files.items():
        moved = text.replace("/var/lib/shop", str(tmp_path))
        (tmp_path / "shop" / name).write_text(moved, encoding="utf-8")
    return tmp_path


def test_the_project_of_the_page_passes_its_checks_and_tests(shop: Path, manage: Manage) -> None:
    path = os.pathsep.join([str(shop), str(ROOT)])
    run = manage("test", "shop", DJANGO_SETTINGS_MODULE="shop.settings", PYTHONPATH=path)
    assert run.returncode == 0, run.stderr
    assert "Ran 2 tests" in run.stderr
    said = re.findall(r"\(statuspro\.(\w+)\)", run.stderr + run.stdout)
    assert said == ["W001"]


def test_the_page_names_every_async_function_check_and_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    folder = Path(app.__file__).parent
    ids = re.findall(r"statuspro\.[EW]\d+", (folder / "checks.py").read_text(encoding="utf-8"))
    assert len(set(ids)) == 5
    names = [*app.__all__, *ids, "WORKERS", "WORKER_TIMEOUT"]
    assert [name for name in names if name not in text] == []
