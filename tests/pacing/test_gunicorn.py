"""A Django view behind four processes of gunicorn that share one key and its budget."""

from __future__ import annotations

import importlib.util
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import requests

from statuspro import RateLimit
from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]

#: As `tests.support.shop` has it.
LIMIT = RateLimit(period=1.0)

#: Seconds.
MAX_WAIT, SLOWEST_RESPONSE = 10.0, 0.05

WORKERS = 4


class Visit(NamedTuple):
    """A visit to the page of an order: what was asked and what came back."""

    asked_id: int
    shown_id: int
    worker: int
    seconds: float


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(200, rate_limit=LIMIT.requests, period=LIMIT.period) as sandbox:
        sandbox.latency = 0.0, SLOWEST_RESPONSE
        yield sandbox


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the workers share the budget."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'budget.sqlite3'}"
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


@contextmanager
def gunicorn(sandbox: Sandbox, storage: str, options: list[str]) -> Iterator[str]:
    """Workers that serve `tests.support.shop`; gives its URL once all of them are ready."""
    if importlib.util.find_spec("gunicorn") is None:
        if os.environ.get("CI"):
            pytest.fail("gunicorn is not installed")
        pytest.skip("gunicorn is not installed")
    settings = {
        "STATUSPRO_BASE_URL": sandbox.base_url,
        "STATUSPRO_API_KEY": sandbox.api_key,
        "STATUSPRO_RATE_LIMIT_STORAGE": storage,
        "SHOP_PERIOD": str(LIMIT.period),
        "SHOP_MAX_WAIT": str(MAX_WAIT),
    }
    reader, writer = os.pipe()
    with (
        socket.create_server(("127.0.0.1", 0), backlog=64) as listener,
        open(reader, "rb", buffering=0) as ready,
        open(writer, "wb", buffering=0),
    ):
        command = [
            *(sys.executable, "-m", "gunicorn", "tests.support.shop", "--log-level", "warning"),
            *("--config", "python:tests.support.gunicorn_hooks", "--workers", str(WORKERS)),
            *("--bind", f"fd://{listener.fileno()}", *options),
        ]
        process = subprocess.Popen(
            command,
            pass_fds=[listener.fileno(), writer],
            cwd=ROOT,
            env={**os.environ, **settings, "SHOP_READY": str(writer)},
        )
        try:
            wait_for_workers(ready)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait(30)


def wait_for_workers(ready: FileIO) -> None:
    """Returns when each worker has written its byte: a slow start is no slow visit."""
    for _ in range(WORKERS):
        assert select.select([ready], [], [], 60)[0], "gunicorn's workers do not start"
        assert ready.read(1) == b"."


@pytest.mark.parametrize(
    ("storage", "options"),
    [
        ("sqlite", []),
        ("sqlite", ["--preload"]),
        ("redis", ["--preload", "--threads", "4"]),
    ],
    indirect=["storage"],
)
def test_a_view_in_four_workers_is_never_refused(
    sandbox: Sandbox, storage: str, options: list[str]
) -> None:
    with sandbox.client(rate_limit=LIMIT, rate_limit_storage=storage) as client:
        ids = [order["id"] for order in client.iter_orders(per_page=100)]

    def visit(order_id: int) -> Visit:
        started = time.monotonic()
        page = requests.get(f"{url}/orders/{order_id}", timeout=60).json()
        took = time.monotonic() - started
        return Visit(order_id, page["order_id"], page["worker"], took)

    with gunicorn(sandbox, storage, options) as url, ThreadPoolExecutor(WORKERS) as pool:
        visits = list(pool.map(visit, ids))
    assert len(visits) == 200
    assert [visit.shown_id for visit in visits] == [visit.asked_id for visit in visits]
    assert sandbox.refused == 0
    assert max(visit.seconds for visit in visits) <= MAX_WAIT + SLOWEST_RESPONSE
    assert len({visit.worker for visit in visits}) > 1
