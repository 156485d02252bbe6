"""responses: stands in for what requests' own adapter does, below ours."""

from __future__ import annotations

import requests
import responses

from statuspro import StatusProClient
from tests.support.servers import KEY

BASE_URL = "https://shop.test/api/v1"


def test_a_mocked_response_is_returned_and_the_request_is_seen() -> None:
    with responses.RequestsMock() as mock:
        client = StatusProClient(KEY, BASE_URL, rate_limit=None, trust_env=False)
        mock.get(
            f"{BASE_URL}/orders",
            json={"data": [{"id": 7}]},
            match=[responses.matchers.query_param_matcher({"search": "Ann"})],
        )
        mock.post(f"{BASE_URL}/orders/7/comment", json={"message": "Added."})
        assert client.get("/orders?search=Ann").json() == {"data": [{"id": 7}]}
        assert client.add_order_comment(7, "Hello") == {"message": "Added."}


def test_a_streamed_response_can_be_read_raw() -> None:
    with responses.RequestsMock() as mock:
        client = StatusProClient(KEY, BASE_URL, rate_limit=None, trust_env=False)
        mock.get(f"{BASE_URL}/orders", body=b"streamed")
        response: requests.Response = client.get("/orders", stream=True)
        assert response.raw.read() == b"streamed"
