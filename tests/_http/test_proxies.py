"""By way of proxies: forwarding, tunnels, and what holds on every way."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    BulkUpdateError,
    Client,
    StatusProClient,
    unwrap,
)
from statuspro.sandbox import Sandbox
from tests.support.certificates import TLS
from tests.support.polling import eventually
from tests.support.proxies import Proxy, SocksProxy
from tests.support.records import all_records
from tests.support.servers import Answer, Peer, RawServer, answer, client_of

PASSWORD = "pr0xy-s3cret"

pytestmark = pytest.mark.usefixtures("waits")


def proxies(port: int) -> dict[str, str]:
    url = f"http://merchant:{PASSWORD}@127.0.0.1:{port}"
    return {"http": url, "https": url}


def test_plain_http(waits: list[float]) -> None:
    with Sandbox(orders=30) as sandbox, Proxy() as proxy:
        with sandbox.client(proxies=proxies(proxy.port)) as client:
            assert len(client.list_orders(per_page=7, page=2)["data"]) == 7
            sandbox.fail(503)
            sandbox.drop()
            assert client.list_orders(search="zzz", page=1)["data"] == []
            sandbox.fail_after(500)
            response = client.post("/orders/1/comment", json={"comment": "Hello"})
            assert response.status_code == 500
        assert [record.query for record in sandbox.requests] == [
            {"page": ["2"], "per_page": ["7"]},
            *[{"search": ["zzz"], "page": ["1"], "per_page": ["100"]}] * 3,
            {},
        ]
        # The key goes to the service, the proxy's password to the proxy.
        for record in sandbox.requests:
            assert record.headers["Authorization"] == f"Bearer {sandbox.api_key}"
        assert proxy.lines[0] == f"GET {sandbox.base_url}/orders?page=2&per_page=7 HTTP/1.1"
    assert all(b"Proxy-Authorization: Basic " in head for head in proxy.heads)
    assert len(waits) == 2


def test_a_tunnel(tls: TLS, waits: list[float]) -> None:
    context, bundle = tls
    answers = [answer(b"[1]"), b"", answer(b"{}", "503 Down"), answer(b"[2]"), answer(b"[3]")]
    with (
        RawServer(*answers, tls=context) as server,
        Proxy() as proxy,
        client_of(
            server.port, scheme="https", verify=bundle, proxies=proxies(proxy.port)
        ) as client,
    ):
        assert client.get("/orders", params={"search": "Ann"}).json() == [1]
        assert client.get("/orders", params={"search": "Ann"}).json() == [2]
        assert client.post("/orders/1/comment", json={"comment": "Hello"}).json() == [3]
    lines = [request.split(b"\r\n")[0] for request in server.requests]
    assert lines == [
        *[b"GET /api/v1/orders?search=Ann HTTP/1.1"] * 4,
        b"POST /api/v1/orders/1/comment HTTP/1.1",
    ]
    tunnel = f"CONNECT 127.0.0.1:{server.port}"
    assert {line.rpartition(" ")[0] for line in proxy.lines} == {tunnel}
    # The proxy sees neither the key nor the query, the service not the proxy's password.
    assert not any(b"Authorization: Bearer" in head or b"Ann" in head for head in proxy.heads)
    assert not any(b"Proxy-Authorization" in request for request in server.requests)
    assert len(waits) == 2


def test_a_tunnel_through_a_proxy_with_tls_of_its_own(tls: TLS, waits: list[float]) -> None:
    context, bundle = tls
    with (
        RawServer(answer(b"[1]"), b"", answer(b"[2]"), tls=context) as server,
        Proxy(tls=context) as proxy,
    ):
        through = {"https": f"https://127.0.0.1:{proxy.port}"}
        with client_of(server.port, scheme="https", verify=bundle, proxies=through) as client:
            assert client.get("/orders", params={"search": "Ann"}).json() == [1]
            assert client.get("/orders", params={"search": "Ann"}).json() == [2]
    assert len(server.requests) == 3
    assert len(proxy.heads) == 3
    assert len(waits) == 1


def test_a_proxy_of_the_environment(tls: TLS, monkeypatch: pytest.MonkeyPatch) -> None:
    context, bundle = tls
    with RawServer(answer(), tls=context) as server, Proxy() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with client_of(server.port, "https", verify=bundle, trust_env=True) as client:
            assert client.get("/orders").status_code == 200
            assert client.with_options(trust_env=False).get("/orders").status_code == 200
    assert len(proxy.heads) == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_key_does_not_go_through_a_proxy_of_the_environment_in_the_open(
    variable: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect = answer(status="307 Elsewhere", headers=b"Location: /b\r\nConnection: close\r\n")
    with RawServer(answer(b"[0]")) as proxy, RawServer(redirect, answer(b"[1]")) as server:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        with client_of(server.port, host=host, trust_env=True, follow_redirects=True) as client:
            assert client.get("/orders").json() == [1]
            assert client.post("/orders", json={}).json() == [1]
            request = requests.Request("GET", f"{client.base_url}/orders")
            assert client.send(client.prepare_request(request)).json() == [1]
            assert proxy.requests == []
            # An argument is the caller's own word.
            through = {"http": f"http://127.0.0.1:{proxy.port}"}
            assert client.get("/orders", proxies=through).json() == [0]
            assert client.with_options(proxies=through).get("/orders").json() == [0]
    assert len(proxy.requests) == 2
    assert len(server.requests) == 4


def test_another_host_is_reached_through_a_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RawServer(answer(b"[0]")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with Client("http://shop.test/api") as client:  # which has no key
            assert client.get("/orders").json() == [0]
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str, method: str, waits: list[float]) -> None:
    with Proxy() as proxy:
        pass
    with (
        client_of(1, scheme=scheme, proxies=proxies(proxy.port), max_retries=2) as client,
        pytest.raises(
            APIConnectionError, match="by way of the proxy: Connection refused"
        ) as caught,
    ):
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert PASSWORD not in str(caught.value)
    assert len(waits) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("status", "said", "times"),
    [
        ("407 Merchant's password, please", "407 Proxy Authentication Required", 1),
        ("403 Not this host", "403 Forbidden", 1),
        ("302 Found", "302 Found", 1),
        ("501 No CONNECT", "501 Not Implemented", 1),
        ("777 Invented", "777", 1),
        ("429 Slower", "429 Too Many Requests", 2),
        ("503 Busy", "503 Service Unavailable", 2),
    ],
)
def test_a_proxy_that_refuses_the_tunnel(
    status: str, said: str, times: int, method: str, waits: list[float]
) -> None:
    refusal = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with (
        Proxy(refuse=refusal) as proxy,
        client_of(1, scheme="https", proxies=proxies(proxy.port), max_retries=1) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders")
    assert caught.value.message == f"The proxy refused to connect to 127.0.0.1: {said}."
    assert type(caught.value) is APIConnectionError
    assert not caught.value.maybe_applied
    assert len(proxy.heads) == times
    assert len(waits) == times - 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_hangs_up_instead_of_opening_a_tunnel(method: str, waits: list[float]) -> None:
    with (
        Proxy(refuse=b"") as proxy,
        client_of(1, scheme="https", proxies=proxies(proxy.port), max_retries=1) as client,
        pytest.raises(APIConnectionError, match="by way of the proxy: it was closed") as caught,
    ):
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert len(proxy.heads) == 2
    assert len(waits) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forwarding_proxy_that_asks_for_credentials(method: str, waits: list[float]) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with (
        Proxy(refuse=refusal) as proxy,
        client_of(1, proxies=proxies(proxy.port)) as client,
    ):
        response = client.request(method, "/orders")
    with pytest.raises(APIError, match="407: Proxy Authentication Required") as caught:
        unwrap(response)
    assert not caught.value.maybe_applied
    assert str(caught.value).splitlines() == [
        f"{method} /api/v1/orders 407: Proxy Authentication Required",
        "A proxy on the way asks for a name and a password: http://name:password@host:port.",
        "(docs: errors.html#api-error)",
    ]
    assert len(proxy.heads) == 1
    assert waits == []


# A request that was sent ------------------------------------------------------------------------

WAYS = ["directly", "forwarding", "tunnel", "tunnel by TLS", "SOCKS", "SOCKS and TLS"]


@contextlib.contextmanager
def by_way_of(way: str, server: RawServer, tls: TLS, **options: Any) -> Iterator[StatusProClient]:
    """A client of the server, which has TLS where the way asks for it."""
    context, bundle = tls
    with (
        Proxy(tls=context if way == "tunnel by TLS" else None) as proxy,
        SocksProxy() as socks,
        client_of(
            server.port,
            scheme="https" if needs_tls(way) else "http",
            verify=bundle,
            proxies={
                "directly": None,
                "forwarding": {"http": f"http://127.0.0.1:{proxy.port}"},
                "tunnel": {"https": f"http://127.0.0.1:{proxy.port}"},
                "tunnel by TLS": {"https": f"https://127.0.0.1:{proxy.port}"},
                "SOCKS": {"http": f"socks5://127.0.0.1:{socks.port}"},
                "SOCKS and TLS": {"all": f"socks5h://127.0.0.1:{socks.port}"},
            }[way],
            **options,
        ) as client,
    ):
        yield client


def needs_tls(way: str) -> bool:
    return "T" in way.replace("SOCKS", "") or way == "tunnel"


def reset(peer: Peer) -> None:
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


DROPS: dict[str, Answer] = {
    "closed": b"",
    "reset": reset,
    "cut off in its headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut off in its body": answer(b"{", length=100),
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
}

STALLS: dict[str, Answer] = {
    "silent": lambda peer: peer.until_closed(),
    "silent in its body": lambda peer: stall(peer, answer(b"{", length=100)),
}


def stall(peer: Peer, data: bytes) -> None:
    peer.send(data)
    peer.until_closed()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [*DROPS, *STALLS])
def test_a_post_that_was_sent_is_not_sent_again(
    name: str, way: str, tls: TLS, waits: list[float]
) -> None:
    broken, timeout = {**DROPS, **STALLS}[name], (5.0, 0.3 if name in STALLS else 5.0)
    with (
        RawServer(broken, tls=tls[0] if needs_tls(way) else None) as server,
        by_way_of(way, server, tls, timeout=timeout) as client,
    ):
        with pytest.raises(APIConnectionError) as caught:
            client.post("/orders/1/comment", json={"comment": "Hello"})
        with pytest.raises(BulkUpdateError) as stopped:
            list(client.iter_bulk_update_order_status([1, 2], "st000003"))
        assert server.has_got(2)
    assert caught.value.maybe_applied
    assert type(caught.value) is (APITimeoutError if name in STALLS else APIConnectionError)
    assert "proxy" not in str(caught.value)
    assert stopped.value.uncertain == [1, 2]
    assert len(server.requests) == 2
    assert waits == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DROPS)
def test_a_get_is_sent_again(name: str, way: str, tls: TLS, waits: list[float]) -> None:
    with (
        RawServer(DROPS[name], answer(b"[1]"), tls=tls[0] if needs_tls(way) else None) as server,
        by_way_of(way, server, tls) as client,
        all_records() as records,
    ):
        response = client.get("/orders", params={"search": "Ann"})
        assert response.json() == [1]
    assert response.url.endswith("?search=Ann")
    assert len(server.requests) == 2
    assert len(waits) == 1
    assert all(b"/orders?search=Ann HTTP" in request for request in server.requests)
    texts = [record.getMessage() for record in records if record.name != __name__]
    assert len(texts) > 3
    assert not [text for text in texts if "Ann" in text]


class OverError(TimeoutError):
    """What a job's own time limit raises."""


@contextlib.contextmanager
def time_limit(begins: Callable[[], object] = lambda: True) -> Iterator[None]:
    """Raises in this thread, a moment after the condition holds for the first time."""

    def handler(number: int, frame: Any) -> None:
        if begins():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise OverError

    former = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.15, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", WAYS)
def test_the_callers_own_time_limit_comes_out_as_it_is(
    way: str, method: str, tls: TLS, waits: list[float]
) -> None:
    with (
        RawServer(STALLS["silent"], tls=tls[0] if needs_tls(way) else None) as server,
        by_way_of(way, server, tls) as client,
        pytest.raises(OverError),
        time_limit(lambda: server.requests),
    ):
        client.request(method, "/orders")
    assert len(server.requests) == 1
    assert waits == []


@pytest.mark.parametrize("through", ["http", "socks5"])
def test_the_callers_own_time_limit_while_a_proxy_says_nothing(
    through: str, waits: list[float]
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        client_of(
            1, scheme="https", proxies={"https": f"{through}://127.0.0.1:{silent.getsockname()[1]}"}
        ) as client,
        pytest.raises(OverError),
        time_limit(),
    ):
        client.get("/orders")
    assert waits == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_fails_for_a_while(method: str, tls: TLS, waits: list[float]) -> None:
    context, bundle = tls
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    with (
        RawServer(answer(b"[1]"), tls=context) as server,
        Proxy(busy, times=2) as proxy,
        client_of(
            server.port, scheme="https", verify=bundle, proxies=proxies(proxy.port)
        ) as client,
    ):
        assert client.request(method, "/orders").json() == [1]
    assert len(proxy.heads) == 3
    assert len(server.requests) == 1
    assert len(waits) == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_says_nothing(method: str, scheme: str) -> None:
    with (
        RawServer(lambda peer: peer.until_closed()) as proxy,
        client_of(
            1, scheme=scheme, proxies=proxies(proxy.port), max_retries=1, timeout=0.2
        ) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        client.request(method, "/orders")
    # Into the tunnel nothing was sent yet; a proxy that has the request may have handed it on.
    sent = method == "POST" and scheme == "http"
    assert caught.value.maybe_applied is sent
    assert len(proxy.requests) == (1 if sent else 2)


def test_a_certificate_behind_a_proxy_is_checked(tls: TLS, waits: list[float]) -> None:
    with (
        RawServer(answer(), tls=tls[0]) as server,
        Proxy() as proxy,
        client_of(server.port, scheme="https", proxies=proxies(proxy.port)) as client,
        pytest.raises(APIConnectionError, match="unable to get local issuer"),
    ):
        client.get("/orders")
    assert len(proxy.heads) == 1
    assert waits == []


def test_close_closes_the_connections_to_a_proxy() -> None:
    with Sandbox(orders=3) as sandbox, Proxy() as proxy:
        with sandbox.client(proxies=proxies(proxy.port)) as client:
            kept = client.get("/orders")
            assert sandbox.connections == 1
        assert eventually(lambda: not sandbox.connections)
        assert kept.status_code == 200


def test_the_proxys_password_is_shown_nowhere(tls: TLS, recwarn: pytest.WarningsRecorder) -> None:
    context, bundle = tls
    shown: list[Any] = []
    with all_records() as records:
        with RawServer(answer(), b"", answer(), tls=context) as server, Proxy() as proxy:
            client = client_of(
                server.port, scheme="https", verify=bundle, proxies=proxies(proxy.port)
            )
            with client:
                client.get("/orders")
                client.get("/orders")
        with client, pytest.raises(APIConnectionError) as caught:
            client.get("/orders")
        shown += [client, caught.value, vars(caught.value)]
        plain = StatusProClient("k", "http://127.0.0.1:1", proxies=proxies(proxy.port))
        with plain, pytest.raises(APIConnectionError) as caught:
            plain.with_options(rate_limit=None, trust_env=False).get("/orders")
        shown += [caught.value, caught.value.__traceback__]
    texts = [record.getMessage() + str(record.args) for record in records]
    texts += [logging.Formatter().format(record) for record in records]
    texts += [f"{thing!r}{thing!s}" for thing in shown]
    assert len(texts) > 10
    assert not [text for text in texts if PASSWORD in text]
    assert not recwarn.list
