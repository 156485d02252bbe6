"""The documentation's page on the mirror in the database: its files, in a project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contrib.django.conftest import Manage
from tests.contrib.django.test_page_django import PAGE as FIRST
from tests.contrib.django.test_page_django import files_of
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "django-mirror.rst"

#: As much of Celery as a task needs that is called as a function.
CELERY = """
def shared_task(**options):
    return lambda function: function
"""

# What the page promises of its files.
TESTS = """
from unittest import mock
import django
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils.module_loading import import_string
from statuspro.contrib.django.locks import alone
from statuspro.contrib.django.mirror import DatabaseMirror
from statuspro.contrib.django.models import Order
from statuspro.testing import SandboxTestCase
from shop.fresh import refresh

# Django 5 wants pairs, of which Django 6 warns.
ANN = "ann@shop.test" if django.VERSION >= (6,) else ("Ann", "ann@shop.test")

@override_settings(MANAGERS=[ANN])
class Synced(SandboxTestCase, TransactionTestCase):
    sandbox_options = {"orders": 3}

    def setUp(self):
        self.sync = import_string(settings.CELERY_BEAT_SCHEDULE["sync-orders"]["task"])
        self.sync()

    def test_the_task_and_the_receivers(self):
        self.assertEqual((Order.objects.count(), mail.outbox), (3, []))
        moved = Order.objects.first().id
        self.sandbox.set_status(moved, "st000004")
        arrived = self.sandbox.order(self.sandbox.add_order())["name"]
        self.sync()
        subjects = " ".join(message.subject for message in mail.outbox)
        self.assertIn(f"{Order.objects.get(id=moved).name} is ", subjects)
        self.assertIn(f"{arrived} has arrived", subjects)

    def test_a_task_beside_another_one_only_logs(self):
        with alone("default"), self.assertLogs("shop.tasks", "INFO") as logged:
            self.sync()
        self.assertIn("under way", logged.output[0])

    def test_fresh_orders_and_late_ones(self):
        order_id = self.sandbox.add_order(due_date="2020-02-01")
        self.assertTrue(refresh(order_id))
        self.assertFalse(refresh(order_id))
        with mock.patch("shop.board.render") as render:
            __import__("shop.board").board.late_orders(None)
        (_, template, context), _ = render.call_args
        self.assertIn(order_id, [order.id for order in context["late"]])
        self.assertEqual(context["as_of"], DatabaseMirror().synced_at)

    def test_the_command(self):
        call_command("statuspro_sync", "--exclude-cancelled", "-v", "0")

    def test_the_options_of_sqlite(self):
        self.assertEqual(connection.transaction_mode, "IMMEDIATE")
"""


@pytest.fixture
def manage_shop(tmp_path: Path, manage: Manage) -> Manage:
    """Runs a command in a new project to which both pages have added their files."""
    assert manage("startproject", "shop", str(tmp_path)).returncode == 0
    files = [
        ("celery.py", CELERY),
        *(
            (name, text)
            for name, text in files_of(FIRST.read_text(encoding="utf-8"))
            if name != "shop/tests.py"
        ),
        *files_of(PAGE.read_text(encoding="utf-8")),
        ("shop/tests.py", TESTS),
    ]
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def run(*arguments: str, **environment: str) -> object:
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        settings = {"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": path}
        return manage(*arguments, **settings, **environment)

    return run  # type: ignore[return-value]


def test_the_project_of_the_page_runs_its_tests(manage_shop: Manage) -> None:
    run = manage_shop("test", "shop")
    assert run.returncode == 0, run.stderr
    assert "Ran 5 tests" in run.stderr


def test_the_page_names_every_field_option_and_signal() -> None:
    from django.core.management import load_command_class

    from statuspro.contrib.django import models, signals

    text = PAGE.read_text(encoding="utf-8")
    for model in (models.Order, models.HistoryEvent, models.Status):
        assert f"``{model.__name__}``" in text
        for field in model._meta.fields:
            assert f"``{field.name}``" in text or field.name == "id"
    assert [name for name in vars(signals) if name.startswith("order_") and name not in text] == []
    options = ("--exclude-cancelled", "--no-history", "--watch", "--reserve")
    parser = load_command_class("statuspro.contrib.django", "statuspro_sync").create_parser("", "")
    for option in options:
        assert option in parser.format_help()
        assert option in text
