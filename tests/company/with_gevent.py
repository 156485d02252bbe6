"""gevent: its sockets, locks and sleeps in place of Python's."""

from __future__ import annotations

import subprocess
import sys

from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import sys, time
import gevent
from gevent.pool import Pool
from statuspro import APITimeoutError, RateLimit, StatusProClient

key, url = sys.argv[1:]
options = {"trust_env": False}
with StatusProClient(key, url, rate_limit=RateLimit(20, 5, 0.5), **options) as client:
    ids = [order["id"] for order in client.iter_orders(per_page=5, prefetch=2)]
    began = time.monotonic()
    orders = Pool(8).map(client.get_order, ids * 2)
    assert [order["id"] for order in orders] == ids * 2
    assert time.monotonic() - began > 0.5, "the budget was not kept"
    assert dict(client.get_orders(ids)).keys() == set(ids)
    client.add_order_comment(ids[0], "Hello")
with StatusProClient(key, url, rate_limit=None, max_retries=0, **options) as client:
    with gevent.Timeout(10):
        try:
            client.get("/slow", timeout=0.2)
        except APITimeoutError:
            print("timed out")
"""


def test_a_client_under_gevent() -> None:
    with Sandbox(orders=20) as sandbox:
        command = [sys.executable, "-c", PROGRAM, sandbox.api_key, sandbox.base_url]
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
