"""Pools: connections that are kept, used again, closed and replaced."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from statuspro import StatusProClient
from statuspro._http.connection import Connection
from statuspro._http.pool import IdleConnections, Pool
from statuspro.sandbox import Sandbox
from tests.support.polling import eventually
from tests.support.servers import Peer, RawServer, answer, client_of


def test_a_connection_is_used_again() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        for _ in range(10):
            client.get("/orders")
            client.post("/orders/1/comment", json={})
        assert sandbox.accepted == sandbox.connections == 1


def test_close_closes_every_connection(waits: list[float]) -> None:
    with Sandbox(orders=3) as sandbox:
        with sandbox.client() as client:
            kept = [client.get("/orders"), client.get("/orders", stream=True)]
            sandbox.fail(503)
            kept.append(client.get("/orders"))
            assert sandbox.connections == 1
        # Responses that are still there do not keep the connections open.
        assert eventually(lambda: not sandbox.connections)
        assert len(kept) == 3
        assert client.get("/orders").status_code == 200  # a client goes on after close
        assert sandbox.connections == 1
        derived = client.with_options(timeout=3.0)
        derived.close()
        assert derived.get("/orders").status_code == 200
        assert sandbox.accepted == 2
        client.close()
        assert eventually(lambda: not sandbox.connections)
        assert derived.get("/orders").status_code == 200
        client.close()
        assert eventually(lambda: not sandbox.connections)


def test_a_client_that_is_forgotten_leaves_no_connection() -> None:
    with Sandbox(orders=3) as sandbox:
        client = sandbox.client()
        assert client.get("/orders").status_code == 200
        del client
        assert eventually(lambda: not sandbox.connections)


def test_a_connection_in_use_is_closed_when_it_is_used_no_more() -> None:
    clients: list[StatusProClient] = []

    def serve(peer: Peer) -> None:
        clients[0].close()
        peer.send(answer(b"[]", headers=b""))

    with RawServer(serve, keep=True) as server, client_of(server.port) as client:
        clients.append(client)
        response = client.get("/orders")
        assert response.json() == []
        assert eventually(lambda: not server.open)
        assert client.get("/orders").json() == []
    assert server.accepted == 2


def test_pools_make_room_for_each_other() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client(pool_connections=2) as client:
        for verify in ("a", "b", "c", "d", "a", "d"):  # each has a pool of its own
            assert client.get("/orders", verify=verify).status_code == 200
        assert eventually(lambda: sandbox.connections == 2)
        assert sandbox.accepted == 5


def test_the_idle_connections_of_a_pool() -> None:
    idle = IdleConnections(2)
    idle.put("a")
    idle.put("b", block=False)
    with pytest.raises(queue.Full):
        idle.put("c", block=False)
    assert idle.qsize() == 2
    assert [idle.get(), idle.get(block=False)] == ["b", "a"]
    with pytest.raises(queue.Empty):
        idle.get(block=True, timeout=1.0)


def test_the_idle_connections_of_a_closed_pool() -> None:
    closed: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def close(self) -> None:
            closed.append(self.name)

    idle = IdleConnections(3)
    idle.put(None)
    idle.put(Named("a"))
    idle.close()
    idle.put(Named("b"))
    idle.put(None)
    assert closed == ["a", "b"]
    assert idle.qsize() == 0


def test_a_pool_on_its_own_is_urllib3s(waits: list[float]) -> None:
    """Without a call of ours nothing is read, counted or added."""
    with RawServer(answer(b"[1]")) as server:
        with Pool("127.0.0.1", server.port) as pool:
            assert pool.request("GET", "/orders?x=1").json() == [1]
        connection = Connection("127.0.0.1", server.port)
        connection.request("GET", "/")
        assert connection.getresponse().data == b"[1]"
        connection.close()
    assert server.requests[0].startswith(b"GET /orders?x=1 HTTP")


def test_more_threads_than_connections_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Sandbox(orders=3) as sandbox, sandbox.client(pool_maxsize=1) as client:
        sandbox.latency = (0.05, 0.1)

        def work(_: Any) -> int:
            return client.get("/orders").status_code

        with ThreadPoolExecutor(4) as executor:
            assert set(executor.map(work, range(12))) == {200}
        assert eventually(lambda: sandbox.connections <= 2)
    assert "Connection pool is full" in caplog.text
