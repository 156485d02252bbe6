"""Through a forward proxy: plain http, and TLS in a tunnel."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from statuspro import APIConnectionError, APITimeoutError, StatusProClient
from statuspro.sandbox import Sandbox
from tests.servers import (
    Proxy,
    RawServer,
    all_records,
    answer,
    client_of,
    eventually,
    note_waits,
)

PASSWORD = "pr0xy-s3cret"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return note_waits(monkeypatch)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    return context, str(bundle)


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


def test_a_tunnel(tls: tuple[ssl.SSLContext, str], waits: list[float]) -> None:
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


def test_a_tunnel_through_a_proxy_with_tls_of_its_own(
    tls: tuple[ssl.SSLContext, str], waits: list[float]
) -> None:
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


def test_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(orders=3) as sandbox, Proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with sandbox.client(trust_env=True) as client:
            assert client.get("/orders").status_code == 200
            assert client.with_options(trust_env=False).get("/orders").status_code == 200
    assert len(proxy.heads) == 1
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str, method: str, waits: list[float]) -> None:
    with Proxy() as proxy:
        pass
    with (
        client_of(1, scheme=scheme, proxies=proxies(proxy.port), max_retries=2) as client,
        pytest.raises(APIConnectionError, match="The proxy cannot be reached") as caught,
    ):
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert PASSWORD not in str(caught.value)
    assert len(waits) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_refuses_the_tunnel(method: str, waits: list[float]) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with (
        Proxy(refuse=refusal) as proxy,
        client_of(1, scheme="https", proxies=proxies(proxy.port), max_retries=1) as client,
        pytest.raises(APIConnectionError, match="The proxy cannot be reached, or ref") as caught,
    ):
        client.request(method, "/orders")
    assert type(caught.value) is APIConnectionError
    assert not caught.value.maybe_applied
    assert len(proxy.heads) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_fails_for_a_while(
    method: str, tls: tuple[ssl.SSLContext, str], waits: list[float]
) -> None:
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


def test_a_certificate_behind_a_proxy_is_checked(
    tls: tuple[ssl.SSLContext, str], waits: list[float]
) -> None:
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


def test_the_proxys_password_is_shown_nowhere(
    tls: tuple[ssl.SSLContext, str], recwarn: pytest.WarningsRecorder
) -> None:
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
