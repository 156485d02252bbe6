"""Forked processes: each gets its own answers, and none hangs on a lock of another's thread."""

from __future__ import annotations

import multiprocessing
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from statuspro import RateLimit, StatusProClient, _forks
from statuspro.sandbox import Sandbox
from statuspro.sandbox.sandbox import DEFAULT_API_KEY
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.servers import RawServer, answer, client_of
from tests.support.service_process import Service

# From Python 3.12 on os.fork says what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

#: Seconds; a child that takes longer hangs.
PATIENCE = 60.0


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as service:
        yield service


def ask(client: StatusProClient, ids: list[int]) -> None:
    """Each response must be about the order that was asked for."""
    for number in ids:
        assert client.get_order(number)["id"] == number


def fork(action: Callable[[], object], make: Callable[[], int] = os.fork) -> int:
    """A child that goes through `action`, and ends with 0 if that went well."""
    pid = make()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return pid


def ends_well(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


# Their own answers ----------------------------------------------------------------------------


def test_parent_and_children_each_get_their_own_answers(service: Service) -> None:
    with service.client() as client:
        ask(client, service.ids[:3])  # there is a connection to share
        children = [
            fork(partial(ask, client, (service.ids * 3)[start : start + 500]))
            for start in (50, 100, 150)
        ]
        ask(client, (service.ids * 2)[:500])
        assert [ends_well(child) for child in children] == [True] * 3


def test_a_childs_child(service: Service) -> None:
    with service.client() as client:
        ask(client, service.ids[:3])

        def generation() -> None:
            ask(client, service.ids[10:20])
            grandchild = fork(lambda: ask(client, service.ids[20:60]))
            ask(client, service.ids[60:100])
            assert ends_well(grandchild)

        child = fork(generation)
        ask(client, service.ids[100:140])
        assert ends_well(child)


def test_derived_clients_and_copies(service: Service) -> None:
    with service.client() as client:
        derived = client.with_options(timeout=10.0).with_headers({"X-Shop": "a"})
        ask(derived, service.ids[:3])

        def both() -> None:
            ask(derived, service.ids[50:70])
            ask(client, service.ids[70:90])

        child = fork(both)
        ask(client, service.ids[100:120])
        ask(derived, service.ids[120:140])
        assert ends_well(child)


def test_multiprocessing_by_fork(service: Service) -> None:
    context = multiprocessing.get_context("fork")
    with service.client() as client:
        ask(client, service.ids[:3])
        children = [
            context.Process(target=ask, args=(client, service.ids[start : start + 50]))
            for start in (0, 50, 100)
        ]
        for child in children:
            child.start()
        ask(client, service.ids[150:200])
        for child in children:
            child.join(PATIENCE)
            assert child.exitcode == 0


def run_forkserver(url: str) -> None:
    """The whole life of a process that starts others by a forkserver."""
    with StatusProClient(None, url, rate_limit=None, trust_env=False) as client:
        ids = [int(order["id"]) for order in client.iter_orders(max_items=90)]
        context = multiprocessing.get_context("forkserver")
        children = [
            context.Process(target=ask, args=(client, ids[start : start + 30])) for start in (0, 30)
        ]
        for child in children:
            child.start()
        ask(client, ids[60:])
        for child in children:
            child.join(PATIENCE)
            assert child.exitcode == 0
    print("went well")


def test_multiprocessing_by_forkserver(service: Service) -> None:
    code = f"from tests.test_forks import run_forkserver; run_forkserver({service.url!r})"
    environment = {**os.environ, "STATUSPRO_API_KEY": DEFAULT_API_KEY}
    output = subprocess.check_output(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, text=True, timeout=PATIENCE
    )
    assert output == "went well\n"


def test_a_fork_in_the_middle_of_other_threads_requests(service: Service) -> None:
    stopping = threading.Event()
    failures: list[BaseException] = []

    def work(client: StatusProClient, start: int) -> None:
        try:
            while not stopping.is_set():
                ask(client.with_options(headers={"X-A": "b"}), service.ids[start : start + 5])
        except BaseException as error:
            failures.append(error)

    with service.client(rate_limit=RateLimit(requests=100_000, bulk=5)) as client:
        threads = [threading.Thread(target=work, args=(client, n * 20)) for n in range(6)]
        for thread in threads:
            thread.start()
        children = []
        for number in range(15):
            children.append(fork(partial(ask, client, service.ids[number : number + 10])))
            time.sleep(0.01)
        well = [ends_well(child) for child in children]
        stopping.set()
        for thread in threads:
            thread.join()
    assert well == [True] * 15
    assert failures == []


def test_a_fork_in_the_middle_of_a_call(service: Service) -> None:
    """Both the parent and the child go on with it."""
    children: list[int] = []

    def on_wait(seconds: float, reason: str) -> None:
        children.append(os.fork())

    with Sandbox(orders=3) as refusing:
        refusing.fail(429, retry_after=0.2)
        with refusing.client(on_wait=on_wait) as client:
            response = client.get("/orders", params={"page": 2, "per_page": 1})
            is_right = response.json()["meta"]["current_page"] == 2
            if children == [0]:
                os._exit(0 if is_right else 1)
            assert is_right
            assert ends_well(children[0])
        assert refusing.accepted == 2  # the child has opened its own


# Locks that no thread releases -------------------------------------------------------------------


def locks_of(client: StatusProClient) -> dict[str, Any]:
    pools: Any = client.get_adapter(client.base_url)
    return {
        "pools": pools.poolmanager.pools.lock,
        "cookies": client.cookies._cookies_lock,
    }


@pytest.mark.parametrize("name", ["pools", "cookies"])
def test_a_lock_that_another_thread_holds_at_the_fork(name: str, service: Service) -> None:
    held, done = threading.Event(), threading.Event()
    with service.client(cookies={"a": "b"}) as client:
        ask(client, service.ids[:2])
        lock = locks_of(client)[name]

        def hold() -> None:
            with lock:
                held.set()
                done.wait(PATIENCE)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()

        def go_on() -> None:
            ask(client, service.ids[20:30])
            ask(client.with_options(timeout=5.0), service.ids[30:40])
            assert client.cookies["a"] == "b"
            client.close()
            ask(client, service.ids[40:42])

        child = fork(go_on)
        well = ends_well(child)
        done.set()
        holder.join()
    assert well


# Forks that run no hooks ------------------------------------------------------------------------

_WITHOUT_HOOKS = """
import ctypes, os, sys
from statuspro import RateLimit, StatusProClient
from tests.test_forks import ask, ends_well, fork

url, key = sys.argv[1:]
limit = RateLimit(requests=10_000)
with StatusProClient(key, url, rate_limit=limit, trust_env=False) as client:
    ids = [int(order["id"]) for order in client.iter_orders(max_items=200)]
    child = fork(lambda: ask(client, ids[:100]), ctypes.PyDLL(None).fork)
    ask(client, ids[100:])
    assert ends_well(child)
print("went well")
"""


def test_a_fork_that_runs_no_hooks(service: Service) -> None:
    output = subprocess.check_output(
        [sys.executable, "-c", _WITHOUT_HOOKS, service.url, DEFAULT_API_KEY],
        cwd=ROOT,
        text=True,
        timeout=PATIENCE,
    )
    assert output == "went well\n"


def test_the_pid_tells_where_no_hook_did(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RateLimit(requests=100)
    with Sandbox(orders=3) as sandbox, sandbox.client(rate_limit=limit) as client:
        assert client.get("/orders").status_code == 200
        budget: Any = client._settings.budget
        jar, lock = client.cookies, budget.lock
        monkeypatch.setattr(_forks, "_pid", -1)
        assert client.get("/orders").status_code == 200
        assert _forks._pid == os.getpid()
        assert client.cookies is not jar
        assert budget.lock is not lock
        assert sandbox.accepted == 2
        assert eventually(lambda: sandbox.connections == 1)
        assert client.get("/orders").status_code == 200
        assert sandbox.accepted == 2


def test_everything_is_renewed_before_anybody_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Witness:
        def renew_after_fork(self) -> None:
            seen.append(_forks._pid)

    witness = Witness()
    _forks.renew_in_child(witness)
    monkeypatch.setattr(_forks, "_pid", -1)
    _forks.check_fork()
    _forks.check_fork()
    assert seen == [-1]
    assert _forks._pid == os.getpid()


def test_what_is_gone_is_not_renewed() -> None:
    class Short:
        def renew_after_fork(self) -> None:
            raise AssertionError

    short = Short()
    _forks.renew_in_child(short)
    before = len(_forks._renewables)
    del short
    assert len(_forks._renewables) == before - 1


# The parent's connections stay ------------------------------------------------------------------


def test_a_child_leaves_the_parents_connections_alone() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        assert client.get("/orders").status_code == 200
        child = fork(lambda: client.get("/orders").raise_for_status())
        assert ends_well(child)
        assert client.get("/orders").status_code == 200
        assert sandbox.accepted == 2  # one each
        assert eventually(lambda: sandbox.connections == 1)
    assert sandbox.connections == 0


def test_a_child_leaves_the_parents_tls_alone(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    kept = answer(b"[1]", headers=b"")
    with (
        RawServer(kept, keep=True, tls=context) as server,
        client_of(server.port, "https", verify=str(bundle)) as client,
    ):
        assert client.get("/orders").json() == [1]
        child = fork(lambda: client.get("/orders").raise_for_status())
        assert ends_well(child)
        assert client.get("/orders").json() == [1]
        assert server.accepted == 2
    assert len(server.requests) == 3
