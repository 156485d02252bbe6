"""The server: connections that are kept, dropped and cleaned up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, RemoteDisconnected

import pytest

from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID

from .caller import Caller


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_a_connection_is_kept_for_many_requests(sandbox: Sandbox, api: Caller) -> None:
    assert {api.get("/statuses").status for _ in range(20)} == {200}
    assert (sandbox.accepted, sandbox.connections) == (1, 1)


def test_connections_are_counted(sandbox: Sandbox) -> None:
    callers = [Caller(sandbox) for _ in range(3)]
    for caller in callers:
        caller.get("/statuses")
    assert (sandbox.accepted, sandbox.connections) == (3, 3)
    for caller in callers:
        caller.connection.close()
    assert wait_until(lambda: sandbox.connections == 0)
    assert sandbox.accepted == 3


def test_small_answers_are_not_held_back(sandbox: Sandbox, api: Caller) -> None:
    api.get("/statuses")
    assert sandbox._server is not None
    (accepted,) = sandbox._server._open
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_only_this_machine_is_served(sandbox: Sandbox) -> None:
    assert sandbox.base_url == f"http://127.0.0.1:{sandbox.port}/api/v1"
    assert sandbox._server is not None
    assert sandbox._server._listener.getsockname() == ("127.0.0.1", sandbox.port)


def test_stop_closes_everything(sandbox: Sandbox) -> None:
    threads = threading.active_count()
    with Sandbox(orders=1) as other:
        callers = [Caller(other) for _ in range(4)]
        for caller in callers:
            caller.get("/statuses")
        port = other.port
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    for caller in callers:
        with pytest.raises(ConnectionError):
            caller.get("/statuses")
        caller.connection.close()


def test_stop_does_not_wait_for_slow_answers() -> None:
    with Sandbox(orders=1) as sandbox:
        sandbox.slow(3600)
        caller = Caller(sandbox, timeout=0.2)
        with pytest.raises(TimeoutError):
            caller.get("/statuses")
        started = time.monotonic()
    assert time.monotonic() - started < 60
    caller.connection.close()


EXHAUSTED = """
import os, resource, socket, sys, time
from statuspro.sandbox import Sandbox

sandbox = Sandbox(orders=1)
sandbox.start()
socket.create_connection(("127.0.0.1", sandbox.port)).close()
while not sandbox.accepted:
    time.sleep(0.01)
time.sleep(0.1)  # by now the server waits for the next one
print(sandbox.port, sandbox.api_key, flush=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
try:
    while True:
        taken.append(os.dup(0))
except OSError:
    print("exhausted", flush=True)
sys.stdin.readline()
if sys.argv[1] == "free":
    for each in taken:
        os.close(each)
    sys.stdin.readline()
started = time.monotonic()
sandbox.stop()
print("stopped", time.monotonic() - started < 5, flush=True)
"""


class Exhausted:
    """A process that serves a sandbox and then takes every descriptor that it may have."""

    def __init__(self, then: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", EXHAUSTED, then],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._timer = threading.Timer(20.0, self.process.kill)
        self._timer.start()
        port, self.api_key = self.read().split()
        self.port = int(port)
        assert self.read() == "exhausted"

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self._timer.cancel()
        with self.process:
            self.process.kill()


@pytest.mark.parametrize("with_a_connection", [False, True])
def test_stop_needs_no_descriptor(with_a_connection: bool) -> None:
    exhausted = Exhausted("stop")
    try:
        connections = [
            socket.create_connection(("127.0.0.1", exhausted.port))
            for _ in range(with_a_connection)
        ]
        exhausted.go_on()
        assert exhausted.read() == "stopped True"
        for connection in connections:
            connection.close()
    finally:
        exhausted.end()


def test_a_server_without_descriptors_goes_on_when_there_are_some_again() -> None:
    exhausted = Exhausted("free")
    try:
        connections = [HTTPConnection("127.0.0.1", exhausted.port, timeout=10) for _ in range(3)]
        for connection in connections:
            connection.connect()  # which waits in the backlog
        time.sleep(0.1)
        exhausted.go_on()
        for connection in connections:
            headers = {"Authorization": f"Bearer {exhausted.api_key}"}
            connection.request("GET", "/api/v1/statuses", headers=headers)
            assert connection.getresponse().status == 200
            connection.close()
        exhausted.go_on()
        assert exhausted.read() == "stopped True"
    finally:
        exhausted.end()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_dropped_connection_is_seen_while_a_forked_child_holds_a_copy(sandbox: Sandbox) -> None:
    with Caller(sandbox) as api:
        api.get("/statuses")
        read_end, write_end = os.pipe()
        child = os.fork()
        if not child:
            os.close(write_end)
            os.read(read_end, 1)
            os._exit(0)
        os.close(read_end)
        sandbox.drop()
        with pytest.raises(RemoteDisconnected):
            api.get("/statuses")
        os.close(write_end)
        assert os.waitpid(child, 0)[1] == 0


def test_many_clients_at_once(sandbox: Sandbox) -> None:
    def work(number: int) -> list[int]:
        with Caller(sandbox) as api:
            return [
                api.post(f"/orders/{FIRST_ID}/comment", comment=f"from {number}").status
                for _ in range(20)
            ]

    before = len(sandbox.order(FIRST_ID).history)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [[200] * 20] * 16
    assert len(sandbox.order(FIRST_ID).history) == before + 320
    assert len(sandbox.applied) == len(sandbox.requests) == 320
