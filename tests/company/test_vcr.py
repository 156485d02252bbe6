"""vcrpy: records, replays, and lets nothing through that it was told to stop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import vcr
import vcr.errors
import yaml

from statuspro import APITimeoutError, StatusProClient
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support.proxies import Proxy, SocksProxy
from tests.support.servers import KEY, RawServer, answer, client_of


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    return tmp_path / "orders.yaml"


def recorded(cassette: Path) -> list[dict[str, Any]]:
    return [each["request"] for each in yaml.safe_load(cassette.read_text())["interactions"]]


def test_what_is_sent_is_recorded_with_its_query_and_replayed(
    sandbox: Sandbox, cassette: Path
) -> None:
    with sandbox.client() as client:
        with vcr.use_cassette(str(cassette)):
            orders = client.list_orders(search="a", page=1, per_page=3)
            told = client.add_order_comment(FIRST_ID, "Hello")
        assert len(sandbox.requests) == 2
        sent = recorded(cassette)
        assert sent[0]["uri"] == f"{client.base_url}/orders?search=a&page=1&per_page=3"
        assert json.loads(sent[1]["body"])["comment"] == "Hello"
        with vcr.use_cassette(str(cassette), record_mode="none") as played:
            assert client.list_orders(search="a", page=1, per_page=3) == orders
            assert client.add_order_comment(FIRST_ID, "Hello") == told
            assert played.play_count == 2
        assert len(sandbox.requests) == 2


@pytest.mark.parametrize("is_used", [False, True], ids=["new client", "used client"])
def test_nothing_is_let_through_that_is_to_be_stopped(
    sandbox: Sandbox, cassette: Path, is_used: bool
) -> None:
    with sandbox.client() as client:
        if is_used:  # whose connection is open
            client.get_statuses()
        sandbox.requests.clear()
        with vcr.use_cassette(str(cassette), record_mode="none"):
            with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
                client.update_order_status(FIRST_ID, "st000002")
            with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
                client.get_order(FIRST_ID)
        assert sandbox.requests == []
        assert client.get_order(FIRST_ID)["id"] == FIRST_ID
        assert len(sandbox.requests) == 1


@pytest.mark.parametrize(("scheme", "kind"), [("http", Proxy), ("socks5h", SocksProxy)])
def test_nothing_is_let_through_to_a_proxy(cassette: Path, scheme: str, kind: Any) -> None:
    reached: list[bytes] = []
    with RawServer(answer()) as server, kind() as proxy:
        proxies = {"http": f"{scheme}://127.0.0.1:{proxy.port}"}
        with (
            client_of(server.port, proxies=proxies) as client,
            vcr.use_cassette(str(cassette), record_mode="none"),
            # TypeError: a recorder that does not know SOCKS cannot make such a connection.
            pytest.raises((vcr.errors.CannotOverwriteExistingCassetteException, TypeError)),
        ):
            client.update_order_status(FIRST_ID, "st000002")
        reached += server.requests
    assert reached == []


def test_connections_are_ours_again_after_a_cassette(cassette: Path) -> None:
    with RawServer(lambda peer: peer.until_closed()) as server:
        with client_of(server.port, timeout=0.1, max_retries=0) as client:
            with (
                vcr.use_cassette(str(cassette), record_mode="none"),
                pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
            ):
                client.get("/orders?search=Ann")
            with pytest.raises(APITimeoutError):
                client.get("/orders?search=Ann")
        assert [request.split(b" ")[1] for request in server.requests] == [
            b"/api/v1/orders?search=Ann"
        ]


def test_https(cassette: Path) -> None:
    client = StatusProClient(KEY, "https://shop.test/api/v1", rate_limit=None, trust_env=False)
    with (
        client,
        vcr.use_cassette(str(cassette), record_mode="none"),
        pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
    ):
        client.update_order_status(FIRST_ID, "st000002")


IMPORTED_WITHIN = """
import sys, vcr
with vcr.use_cassette(sys.argv[1], record_mode="none"):
    from statuspro import StatusProClient
client = StatusProClient("key", sys.argv[2], rate_limit=None, trust_env=False)
assert client.get("/orders?search=Ann").status_code == 200
from statuspro._http.connection import Connection, TLSConnection
assert not any(base.__module__.startswith("vcr") for base in Connection.__mro__)
assert not any(base.__module__.startswith("vcr") for base in TLSConnection.__mro__)
"""


def test_the_library_may_be_imported_within_a_cassette(cassette: Path) -> None:
    with RawServer(answer(), keep=True) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        subprocess.run([sys.executable, "-c", IMPORTED_WITHIN, str(cassette), url], check=True)
        assert len(server.requests) == 1
