"""By way of a SOCKS proxy: what its replies mean, and its password."""

from __future__ import annotations

import socket

import pytest

from statuspro import APIConnectionError, APITimeoutError, ConfigurationError
from statuspro.sandbox import Sandbox
from tests.support.proxies import NOT_ALLOWED, REFUSED, Proxy, SocksProxy
from tests.support.records import all_records
from tests.support.servers import client_of

PASSWORD = "pr0xy-s3cret"

pytestmark = pytest.mark.usefixtures("waits")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_socks_proxy_that_says_nothing(method: str, waits: list[float]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        client_of(
            1,
            proxies={"http": f"socks5://127.0.0.1:{silent.getsockname()[1]}"},
            timeout=0.1,
            max_retries=1,
        ) as client,
        pytest.raises(APITimeoutError, match="by way of the proxy: it did not answer in time") as e,
    ):
        client.request(method, "/orders")
    assert not e.value.maybe_applied
    assert len(waits) == 1


def test_socks_that_is_not_for_this_url(waits: list[float]) -> None:
    """GNOME sets `all_proxy=socks://…` beside the others."""
    with Sandbox(orders=3) as sandbox, Proxy() as proxy, all_records() as records:
        others = {"all": "socks://127.0.0.1:1", "https": "socks5://127.0.0.1:1"}
        for used in (
            {**others, "http": f"http://127.0.0.1:{proxy.port}"},
            {"https": "socks5://127.0.0.1:1"},
            {**others, "http://127.0.0.1": f"http://127.0.0.1:{proxy.port}"},
        ):
            with sandbox.client(proxies=used) as client:
                assert client.get("/orders?page=2", params={"search": "Ann"}).status_code == 200
    assert [record.query for record in sandbox.requests] == [{"page": ["2"], "search": ["Ann"]}] * 3
    assert len(proxy.heads) == 2
    assert not [record for record in records if "Ann" in record.getMessage()]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("reply", "message", "times"),
    [
        (NOT_ALLOWED, "The proxy refused to connect to 127.0.0.1: not allowed by its rules.", 1),
        (REFUSED, "No connection to 127.0.0.1 by way of the proxy: Connection refused.", 2),
        (9, "No connection to 127.0.0.1 by way of the proxy.", 2),
    ],
)
def test_a_socks_proxy_that_makes_no_connection(
    reply: int, message: str, times: int, method: str, waits: list[float]
) -> None:
    with (
        SocksProxy(reply) as proxy,
        client_of(1, proxies={"http": f"socks5://127.0.0.1:{proxy.port}"}, max_retries=1) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders")
    assert caught.value.message == message
    assert not caught.value.maybe_applied
    assert proxy.targets == [("127.0.0.1", 1)] * times


@pytest.mark.parametrize("user", ["", "merchant:wrong@", f"merchant:{PASSWORD}@"])
def test_a_socks_proxy_with_a_password(user: str, waits: list[float]) -> None:
    with Sandbox(orders=3) as sandbox, SocksProxy(password=PASSWORD) as proxy:
        through = {"http": f"socks5h://{user}127.0.0.1:{proxy.port}"}
        with sandbox.client(proxies=through) as client:
            if PASSWORD in user:
                assert client.get("/orders").status_code == 200
            else:
                with pytest.raises(APIConnectionError, match="SOCKS authentication failed"):
                    client.get("/orders")
    assert proxy.connections == 1
    assert waits == []


def test_a_socks_proxy_that_is_not_there(waits: list[float]) -> None:
    with SocksProxy() as proxy:
        pass
    for host in ("127.0.0.1", "nowhere.invalid"):
        through = {"http": f"socks5h://merchant:{PASSWORD}@{host}:{proxy.port}"}
        with (
            client_of(1, proxies=through, max_retries=1) as client,
            pytest.raises(APIConnectionError, match="by way of the proxy: ") as caught,
        ):
            client.post("/orders/1/comment", json={})
        assert not caught.value.maybe_applied
        assert PASSWORD not in str(caught.value)
    assert len(waits) == 2


def test_socks_without_a_version_is_a_mistake_of_the_caller() -> None:
    through = {"http": f"socks://merchant:{PASSWORD}@127.0.0.1:1"}
    with client_of(1, proxies=through) as client, pytest.raises(ConfigurationError) as caught:
        client.get("/orders")
    assert "socks5" in str(caught.value)
    assert PASSWORD not in str(caught.value)
