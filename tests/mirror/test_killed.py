"""Syncs that are killed at random moments: the next one that runs through makes up for them."""

from __future__ import annotations

import collections
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from tests.support.mirrors import assert_equal
from tests.support.paths import ROOT
from tests.support.processes import Process

_SYNCS = """
import os, sys
from statuspro import StatusProClient
from statuspro.mirror import Mirror

url, key, path, log = sys.argv[1:]
with (
    StatusProClient(key, url, rate_limit=None, trust_env=False) as client,
    Mirror(path) as mirror,
    open(log, "a", buffering=1) as told,
):
    for change in mirror.sync(client):
        order = change["order"]
        print(change["kind"], order["id"], order["status"].get("code"), file=told)
"""


class Killed:
    """A sandbox in this process, and syncs in processes of their own that are killed.

    Args:
        folder: for the files.
        seed: when.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.sandbox = Sandbox(orders=80, enforce_viable=False)
        self.path, self.log = folder / "orders.sqlite3", folder / "told"
        self.log.touch()
        self.kills = self.asked = 0
        self.first = Mirror(self.path)
        self.first.close()

    def sync(self) -> bool:
        """Runs a sync and kills it at a random moment; whether it ran through."""
        arguments = [self.sandbox.base_url, self.sandbox.api_key, str(self.path), str(self.log)]
        command = [sys.executable, "-c", _SYNCS, *arguments]
        # A moment after so many requests: the machine's load does not decide how far it comes.
        last = len(self.sandbox.requests) + self.rng.randint(0, 60)
        with Process[bytes](command, cwd=ROOT) as process:
            while process.poll() is None and len(self.sandbox.requests) < last:
                time.sleep(0.001)
            time.sleep(self.rng.uniform(0, 0.005))
            process.send_signal(signal.SIGKILL)
            assert process.wait() in (0, -signal.SIGKILL)
            self.kills += process.returncode != 0
            return process.returncode == 0

    def details(self) -> collections.Counter[str]:
        """How often each order was asked for."""
        parts = [record.path.rpartition("/")[2] for record in self.sandbox.requests]
        return collections.Counter(part for part in parts if part.isdecimal())

    def told(self) -> list[list[str]]:
        """The changes that a loop got, whole lines."""
        return [line.split() for line in self.log.read_text().splitlines() if line.count(" ") == 2]

    def night(self) -> None:
        """Syncs until one runs through; orders have changed, arrived and left before."""
        ids = list(self.sandbox._store._ids)
        before = {int(order["id"]): order for order in self.first.orders()}
        self.sandbox.requests.clear()
        self.log.write_text("")
        kills = self.kills
        while not self.sync():
            pass
        with self.sandbox.client() as client:
            assert_equal(self.first, self.sandbox, client)
        told = {(kind, int(one), code) for kind, one, code in self.told()}
        changed = {one for one in ids if one not in before} | (before.keys() - set(ids))
        for order_id, order in before.items():
            if order_id in ids:
                code = self.sandbox.order(order_id).status_code
                if code != order["status"].get("code"):
                    assert ("changed", order_id, code) in told
                    changed.add(order_id)
        assert changed <= {order_id for _, order_id, _ in told}
        assert {one for kind, one, _ in told if kind == "gone"} == before.keys() - set(ids)
        details = self.details()
        assert sum(details.values()) - len(details) <= self.kills - kills

    def change(self) -> None:
        """What happens between two nights."""
        for order_id in self.rng.sample(self.sandbox._store._ids, 30):
            self.sandbox.set_status(order_id, self.rng.choice(["st000001", "st000002"]))
        for order_id in self.rng.sample(self.sandbox._store._ids, 5):
            self.sandbox.remove_order(order_id)
        for _ in range(8):
            self.sandbox.add_order()


def killed_until(kills: int, folder: Path, seed: int) -> Killed:
    """Nights with kills until there have been so many of them."""
    one = Killed(folder, seed)
    with one.sandbox:
        while one.kills < kills:
            one.night()
            one.change()
    return one


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")
def test_a_dozen_kills(tmp_path: Path) -> None:
    killed_until(12, tmp_path, 1)


@pytest.mark.limits
def test_two_hundred_kills(tmp_path: Path) -> None:
    print(killed_until(200, tmp_path, 2).kills, "kills")
