"""mocket: stands in for the sockets themselves, whose files are none of CPython's."""

from __future__ import annotations

import json

import pytest
from mocket import Mocket, Mocketizer
from mocket.exceptions import StrictMocketException
from mocket.mocks.mockhttp import Entry

from statuspro import StatusProClient
from tests.support.servers import KEY


# Its sockets over TLS leave a real one unclosed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8099/api/v1", "https://shop.test/api/v1"])
def test_mocked_sockets(base_url: str) -> None:
    order = json.dumps({"id": 7})
    Entry.single_register(
        Entry.GET, f"{base_url}/orders/7", body=order, headers={"Content-Type": "application/json"}
    )
    with Mocketizer():
        client = StatusProClient(KEY, base_url, rate_limit=None, trust_env=False)
        assert client.get_order(7)["id"] == 7
        assert client.get_order(7)["id"] == 7
        assert f"Bearer {KEY}" in Mocket.last_request().headers.get("authorization", "")


def test_nothing_is_let_through_in_strict_mode() -> None:
    with Mocketizer(strict_mode=True):
        client = StatusProClient(KEY, "http://127.0.0.1:8099/api/v1", rate_limit=None)
        with pytest.raises(StrictMocketException):
            client.update_order_status(7, "st000002")
