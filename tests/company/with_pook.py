"""pook: stands in for urllib3's `urlopen`, and so must be told the query."""

from __future__ import annotations

import pook
import pytest

from statuspro import StatusProClient
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support.servers import KEY

BASE_URL = "https://shop.test/api/v1"


def client() -> StatusProClient:
    return StatusProClient(KEY, BASE_URL, rate_limit=None, trust_env=False)


def test_a_mock_sees_the_query_and_answers() -> None:
    with pook.use():
        pook.get(f"{BASE_URL}/orders").param("search", "Ann").reply(200).json({"data": []})
        pook.post(f"{BASE_URL}/orders/7/comment").reply(200).json({"message": "Added."})
        assert client().get("/orders", params={"search": "Ann"}).json() == {"data": []}
        assert client().add_order_comment(7, "Hello") == {"message": "Added."}
        assert pook.isdone()


def test_nothing_is_let_through_without_a_mock() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as real:
        with pook.use(), pytest.raises(pook.exceptions.PookNoMatches):
            real.update_order_status(FIRST_ID, "st000002")
        assert sandbox.requests == []


def test_what_goes_through_has_its_query_once() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as real:
        with pook.use(network=True):
            assert real.get("/orders?search=a").status_code == 200
        assert [request.query for request in sandbox.requests] == [{"search": ["a"]}]
