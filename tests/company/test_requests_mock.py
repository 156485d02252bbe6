"""requests-mock: takes the place of the adapter, on a session of ours as on any other."""

from __future__ import annotations

import pytest
import requests
import requests_mock

from statuspro import APITimeoutError, NotFoundError, StatusProClient
from tests.support.servers import KEY

BASE_URL = "https://shop.test/api/v1"


@pytest.fixture
def client() -> StatusProClient:
    return StatusProClient(KEY, BASE_URL, rate_limit=None, trust_env=False)


def test_a_mocked_response_is_returned_and_the_request_is_seen(client: StatusProClient) -> None:
    with requests_mock.Mocker() as mock:
        mock.get(f"{BASE_URL}/orders/7", json={"id": 7})
        mock.post(f"{BASE_URL}/orders/7/comment", json={"message": "Added."})
        assert client.get_order(7)["id"] == 7
        assert client.add_order_comment(7, "Hello")["message"] == "Added."
        assert mock.last_request is not None
        assert mock.last_request.headers["Authorization"] == f"Bearer {KEY}"
        assert client.with_timeout(5).get("/orders/7?search=Ann").json() == {"id": 7}
        assert mock.last_request.query == "search=ann"


def test_errors_of_a_mock_are_ours(client: StatusProClient) -> None:
    with requests_mock.Mocker() as mock:
        mock.get(f"{BASE_URL}/orders/7", status_code=404, json={"message": "No such order."})
        with pytest.raises(NotFoundError, match="No such order"):
            client.get_order(7)
        mock.get(f"{BASE_URL}/orders/7", exc=requests.exceptions.ConnectTimeout)
        with pytest.raises(APITimeoutError):
            client.get_order(7)
        with pytest.raises(requests_mock.NoMockAddress):
            client.get_order(8)


def test_real_requests_go_through_where_they_may(client: StatusProClient) -> None:
    from statuspro.sandbox import Sandbox
    from statuspro.sandbox.data import FIRST_ID

    with Sandbox(orders=3) as sandbox, sandbox.client() as real:
        with requests_mock.Mocker(real_http=True):
            assert real.get_order(FIRST_ID)["id"] == FIRST_ID
        assert len(sandbox.requests) == 1


def test_a_mocked_session(client: StatusProClient) -> None:
    with requests_mock.Mocker(session=client) as mock:
        mock.get(f"{BASE_URL}/statuses", json=[])
        assert client.get_statuses() == []
