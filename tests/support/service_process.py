"""A sandbox in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from statuspro import StatusProClient
from statuspro.sandbox.sandbox import DEFAULT_API_KEY
from tests.support.paths import ROOT

_SERVICE = """
import sys
from statuspro.sandbox import Sandbox

with Sandbox(orders=300) as sandbox:
    print(sandbox.base_url, flush=True)
    for line in sys.stdin:
        print(sandbox.connections, flush=True)
"""


class Service:
    """A sandbox in a process of its own, so that its threads are in nobody's way.

    Attributes:
        url: its base URL.
        ids: those of its orders.
    """

    def __enter__(self) -> Service:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVICE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._answer()
        with self.client() as client:
            self.ids = [int(order["id"]) for order in client.iter_orders()]
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate(timeout=10)

    def client(self, **options: Any) -> StatusProClient:
        """A client, without pacing and without the environment's proxies."""
        options = {"rate_limit": None, "trust_env": False, "timeout": 20.0, **options}
        return StatusProClient(DEFAULT_API_KEY, self.url, **options)

    @property
    def connections(self) -> int:
        """How many connections are open on the service's side."""
        assert self._process.stdin is not None
        print("count", file=self._process.stdin, flush=True)
        return int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
