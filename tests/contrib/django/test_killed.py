"""Syncs that are killed: the next one goes on, and each change is told at least once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.contrib.django.conftest import SETTINGS
from tests.support.paths import ROOT
from tests.support.processes import Process
from tests.support.terminal import environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")

_SYNCS = """
import json, sys, time
import django
from django.conf import settings
log, database = sys.argv[1], json.loads(sys.argv[2])
settings.DATABASES["default"].update(database)
django.setup()
from statuspro.contrib.django import signals

told = open(log, "a", buffering=1)

def note(order, change, **_):
    print(change["kind"], order["id"], order["status"].get("code"), file=told)
    time.sleep(0.004)  # so that kills meet receivers too

for each in (signals.order_new, signals.order_changed, signals.order_gone):
    each.connect(note)
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "statuspro_sync", "--no-history"])
"""

ORDERS, KILLS = 60, 3


class Killed:
    """A sandbox, and syncs of a database in processes that are killed while they store.

    Args:
        sandbox: the service.
        folder: for the log of what the receivers were told.
        using: the alias of the database in this process.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, using: str) -> None:
        from django.db import connections

        self.rng = random.Random(3)
        self.kills = 0
        self.log = folder / "told"
        self.log.touch()
        self.using = using
        names = ("ENGINE", "NAME", "USER", "HOST", "OPTIONS")
        given: dict[str, Any] = {name: connections[using].settings_dict[name] for name in names}
        self._command = [sys.executable, "-c", _SYNCS, str(self.log), json.dumps(given)]
        self._environment = environment(
            {
                "DJANGO_SETTINGS_MODULE": SETTINGS,
                "PYTHONPATH": str(ROOT),
                "STATUSPRO_API_KEY": sandbox.api_key,
                "STATUSPRO_BASE_URL": sandbox.base_url,
                "STATUSPRO_RATE_LIMIT": "none",
            }
        )

    def told(self) -> list[tuple[str, ...]]:
        """What the receivers were told, by whole lines."""
        return [
            tuple(line.split())
            for line in self.log.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]

    def sync(self, *, kill: bool) -> None:
        """Runs a sync; kills it when its receivers have been told of a few changes more."""
        last = len(self.told()) + self.rng.randint(1, 8)
        with Process[str](
            self._command, env=self._environment, stdout=subprocess.PIPE, text=True
        ) as process:
            while kill and process.poll() is None:
                if len(self.told()) >= last:
                    time.sleep(self.rng.uniform(0, 0.008))
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.0005)
            process.communicate(timeout=60)
        self.kills += process.returncode == -signal.SIGKILL
        assert kill or process.returncode == 0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=ORDERS, enforce_viable=False) as sandbox:
        yield sandbox


def test_no_change_is_lost_and_each_is_told(alias: str, sandbox: Sandbox, tmp_path: Path) -> None:
    from django.db import connections

    from statuspro.contrib.django.mirror import DatabaseMirror
    from statuspro.contrib.django.models import UnsentChange

    one = Killed(sandbox, tmp_path, alias)
    for _ in range(KILLS):
        one.sync(kill=True)
    one.sync(kill=False)
    assert one.kills == KILLS
    told = one.told()
    ids = {str(order_id) for order_id in sandbox._store._ids}
    assert {order_id for kind, order_id, _ in told if kind == "new"} == ids
    assert len(told) <= ORDERS + KILLS  # a kill has one change told twice, at most
    assert not UnsentChange.objects.using(alias).exists()
    mirror: Any = DatabaseMirror(alias)
    with sandbox.client() as client:
        assert list(mirror.orders()) == list(client.iter_orders())
    connections[alias].close()
