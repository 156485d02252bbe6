"""One client, many threads."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from statuspro import RateLimit, StatusProClient
from statuspro.sandbox import Sandbox
from statuspro.sandbox.sandbox import DEFAULT_API_KEY
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.service_process import Service
from tests.support.waits import shorten_pauses


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as service:
        yield service


def in_threads(count: int, work: Callable[[int], object]) -> None:
    """Runs `work` in so many threads at once; raises what any of them raised."""
    started = threading.Barrier(count)

    def run(number: int) -> None:
        started.wait()
        work(number)

    with ThreadPoolExecutor(count) as executor:
        for future in [executor.submit(run, number) for number in range(count)]:
            future.result()


def ask(client: StatusProClient, number: int) -> None:
    assert client.get_order(number)["id"] == number


def ask_often(client: StatusProClient, number: int) -> None:
    for _ in range(60):
        ask(client, number)


def test_32_threads_and_their_copies(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with service.client() as client:

        def work(thread: int) -> None:
            randomness = random.Random(thread)
            for turn in range(200):
                number = randomness.choice(service.ids)
                if turn % 10:
                    ask(client, number)
                    continue
                headers = {"X-Thread": f"{thread}"}
                with client.with_options(headers=headers, timeout=15.0 + turn) as derived:
                    assert derived.headers["X-Thread"] == f"{thread}"
                    ask(derived, number)

        in_threads(32, work)
        assert "X-Thread" not in client.headers
        assert 1 <= service.connections <= 32
    assert eventually(lambda: service.connections == 0)
    assert "Connection pool is full" not in caplog.text
    assert not caplog.records


def test_faults_in_the_middle_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch, 0.002)
    randomness = random.Random(7)
    with Sandbox(orders=60) as sandbox:
        with sandbox.client(max_retries=12) as client:
            ids = [int(order["id"]) for order in client.iter_orders()]
            faults: list[Callable[[], None]] = [
                sandbox.drop,
                sandbox.cut,
                lambda: sandbox.fail(503),
                lambda: sandbox.fail(429),
                lambda: sandbox.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
            ]

            def trouble(record: object) -> None:
                if randomness.random() < 0.2:
                    randomness.choice(faults)()

            sandbox.on_request = trouble

            def work(thread: int) -> None:
                for turn in range(25):
                    ask(client, ids[(thread * 7 + turn) % len(ids)])

            in_threads(12, work)
        assert len(sandbox.requests) > 12 * 25
        assert eventually(lambda: sandbox.connections == 0)


def test_closing_in_the_middle_of_it(service: Service) -> None:
    with service.client() as client:
        done = threading.Event()

        def close_often() -> None:
            while not done.wait(0.002):
                client.close()

        closer = threading.Thread(target=close_often)
        closer.start()
        try:
            in_threads(8, lambda thread: ask_often(client, service.ids[thread]))
        finally:
            done.set()
            closer.join()
    assert eventually(lambda: service.connections == 0)


def test_one_budget_for_all_threads() -> None:
    limit = RateLimit(requests=20, bulk=5, period=0.5)
    with (
        Sandbox(orders=3, rate_limit=limit.requests, period=limit.period) as sandbox,
        sandbox.client() as client,
    ):
        in_threads(8, lambda thread: [client.get_statuses() for _ in range(8)])
        assert sandbox.refused == 0
        assert sandbox.counted == 64


def test_cookies_of_many_threads() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:

        def work(thread: int) -> None:
            for turn in range(20):
                client.with_cookies({f"c{thread}": f"{turn}"}).get_statuses()
                client.cookies.set(f"t{thread}", f"{turn}")
                client.get_statuses()

        in_threads(8, work)
        assert client.cookies.get_dict() == {f"t{thread}": "19" for thread in range(8)}


_CLEAN = """
import sys
from statuspro import APIError, StatusProClient, iter_orders

key, url = sys.argv[1:]
with StatusProClient(key, url, rate_limit=None, trust_env=False) as client:
    assert len(list(iter_orders(client))) == 300
    list(client.get_orders([order["id"] for order in iter_orders(client, max_items=20)]))
    for order in iter_orders(client, prefetch=3):
        break
    try:
        client.get_order(1)
    except APIError:
        pass
    kept = client.get("/statuses", stream=True)
client.get_statuses()
client.close()
forgotten = StatusProClient(key, url, rate_limit=None, trust_env=False)
forgotten.get_statuses()
del forgotten
"""


def test_nothing_is_left_open(service: Service) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", _CLEAN, DEFAULT_API_KEY, service.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
