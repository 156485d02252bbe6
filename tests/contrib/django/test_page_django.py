"""The documentation's page on Django: what it adds to a new project makes one that works."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from statuspro.contrib import django as app
from tests.contrib.django.conftest import Manage
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "django.rst"
FILE = re.compile(
    r"^\.\. code-block:: (?:python|html\+django)\n\n"
    r" {4}(?:# |\{# )(?P<name>shop/[\w/]+\.(?:py|html))(?: #\})?\n"
    r"(?P<text>(?: {4}.*\n|\n)+)",
    re.MULTILINE,
)

# What the page promises of its other views and of the middleware.
MORE = """
from django.contrib.auth.models import User
from django.urls import path
from shop import urls, views

urls.urlpatterns.append(path("names/<int:order_id>", views.order_name))

class OtherPages(SandboxTestCase, TestCase):
    def test_an_async_view(self):
        order_id = self.sandbox.add_order()
        self.assertIn("name", self.client.get(f"/names/{order_id}").json())
        self.assertEqual(self.client.get("/names/1").status_code, 404)

    def test_staff_sees_an_order(self):
        order_id = self.sandbox.add_order(status_code="st000002", due_date="2026-12-01")
        address = f"/staff/{order_id}/"
        self.assertEqual(self.client.get(address).status_code, 302)
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.assertContains(self.client.get(address), "Dec. 1, 2026")
        self.assertContains(self.client.get(address), "statuspro-badge")

    def test_a_customer_sees_the_shop_s_own_words(self):
        self.assertContains(self.client.get("/order/"), "the mail that you got from us")

    def test_a_wrong_address_shows_nothing(self):
        order = self.sandbox.order(self.sandbox.add_order(email="ada@example.com"))
        page = self.client.post("/order/", {"number": order["name"], "email": "eve@example.com"})
        self.assertNotContains(page, f"Order {order['name']}")

    def test_a_service_that_is_down(self):
        self.sandbox.fail(501)
        page = self.client.post("/order/", {"number": "1188", "email": "ada@example.com"})
        self.assertEqual(page.status_code, 503)
        self.assertIn("Retry-After", page.headers)
"""


def files_of(text: str) -> Iterator[tuple[str, str]]:
    """Names and contents of the files that a page shows, in its order."""
    for block in FILE.finditer(text):
        yield block["name"], textwrap.dedent(block["text"])


@pytest.fixture
def shop(tmp_path: Path, manage: Manage) -> Path:
    """The folder of a new project to which what the page shows was added."""
    assert manage("startproject", "shop", str(tmp_path)).returncode == 0
    for name, text in [*files_of(PAGE.read_text(encoding="utf-8")), ("shop/tests.py", MORE)]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return tmp_path


@pytest.fixture
def manage_shop(shop: Path, manage: Manage) -> Manage:
    """Runs a command in that project."""

    def run(*arguments: str, **environment: str) -> object:
        path = os.pathsep.join([str(shop), str(ROOT)])
        settings = {"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": path}
        return manage(*arguments, **settings, **environment)

    return run  # type: ignore[return-value]


def test_the_project_of_the_page_runs_its_tests_and_commands(manage_shop: Manage) -> None:
    run = manage_shop("test", "shop")
    assert run.returncode == 0, run.stderr
    assert "Ran 6 tests" in run.stderr
    assert re.findall(r"\(statuspro\.(\w+)\)", run.stderr + run.stdout) == ["W001"]
    checked = manage_shop("check", STATUSPRO_API_KEY="a-key")
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


def test_the_page_counts_its_lines_right() -> None:
    opening, _, _ = PAGE.read_text(encoding="utf-8").partition("The client\n---")
    found = re.search(r"^These (\d+) lines are added to a new project", opening, re.MULTILINE)
    assert found
    lines = [line for _, text in files_of(opening) for line in text.splitlines() if line.strip()]
    assert len(lines) == int(found[1]) <= 25
    assert max(map(len, lines)) <= 100


def test_the_page_names_every_async_function_check_and_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    folder = Path(app.__file__).parent
    ids = re.findall(r"statuspro\.[EW]\d+", (folder / "checks.py").read_text(encoding="utf-8"))
    assert len(set(ids)) == 6
    names = [*app.__all__, *ids, "WORKERS", "WORKER_TIMEOUT"]
    assert [name for name in names if name not in text] == []
