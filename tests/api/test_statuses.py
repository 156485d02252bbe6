"""The statuses of an account."""

from collections.abc import Iterator

import pytest
import responses

from statuspro import (
    AuthenticationError,
    Client,
    InvalidResponseError,
    ServerError,
    StatusProClient,
    get_statuses,
)

KEY = "key-3f9a1c77e0d24b58"
URL = "https://shop.test/api/v1/statuses"

STATUSES = [
    {"name": "Received", "description": "We have it.", "code": "st000001", "color": "gray"},
    {"name": "Shipped", "description": "It is on its way.", "code": "st000003", "color": "green"},
]


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> StatusProClient:
    return StatusProClient(KEY, "https://shop.test/api/v1", max_retries=0, rate_limit=None)


def test_the_statuses_are_a_raw_array(
    client: StatusProClient, service: responses.RequestsMock
) -> None:
    service.get(URL, json=STATUSES)
    assert client.get_statuses() == STATUSES
    request = service.calls[0].request
    assert (request.method, request.path_url, request.body) == ("GET", "/api/v1/statuses", None)
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_there_may_be_none(client: StatusProClient, service: responses.RequestsMock) -> None:
    service.get(URL, json=[])
    assert client.get_statuses() == []


def test_any_client_will_do(service: responses.RequestsMock) -> None:
    service.get(URL, json=STATUSES)
    assert get_statuses(Client("https://shop.test/api/v1")) == STATUSES


@pytest.mark.parametrize("body", ["", "null", "{}", '{"data": []}', "[7]", "<html>", '"st000001"'])
def test_anything_else_is_refused(
    body: str, client: StatusProClient, service: responses.RequestsMock
) -> None:
    service.get(URL, body=body)
    with pytest.raises(InvalidResponseError):
        client.get_statuses()


def test_an_error_is_raised(client: StatusProClient, service: responses.RequestsMock) -> None:
    service.get(URL, status=401, json={"message": "Unauthenticated."})
    with pytest.raises(AuthenticationError, match=r"Unauthenticated\."):
        client.get_statuses()
    service.replace("GET", URL, status=500, body="<html>")
    with pytest.raises(ServerError) as caught:
        client.get_statuses()
    assert caught.value.maybe_applied is False
