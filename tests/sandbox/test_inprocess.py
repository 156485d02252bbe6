"""The sandbox without sockets: responses, faults and timeouts as they are on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from statuspro.errors import APIConnectionError, APITimeoutError
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID

Connect = Callable[..., requests.Session]


@pytest.fixture
def sandbox() -> Sandbox:
    """Not started: there is nothing to connect to."""
    return Sandbox(orders=30)


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Connect]:
    sessions: list[requests.Session] = []

    def connect(max_retries: int = 0) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers["Accept"] = "application/json"
        session.headers["Authorization"] = f"Bearer {sandbox.api_key}"
        session.mount("http://", sandbox.adapter(max_retries=max_retries))
        sessions.append(session)
        return session

    yield connect
    for session in sessions:
        session.close()


def test_requests_reach_the_sandbox_without_a_socket(sandbox: Sandbox, connect: Connect) -> None:
    session = connect()
    for _ in range(3):
        assert session.get(f"{sandbox.base_url}/orders?page=2").json()["meta"]["from"] == 16
    posted = session.post(
        f"{sandbox.base_url}/orders/{FIRST_ID}/comment", json={"comment": "grüß dich"}
    )
    assert posted.status_code == 200
    assert sandbox.order(FIRST_ID).history[-1].comment == "grüß dich"
    assert [record.status for record in sandbox.requests] == [200] * 4
    assert sandbox.requests[0].query == {"page": ["2"]}
    assert sandbox.accepted == 0


def test_any_host_will_do(sandbox: Sandbox, connect: Connect) -> None:
    url = "http://statuspro.invalid/api/v1/statuses"
    assert connect().get(url).status_code == 200


def test_head(sandbox: Sandbox, connect: Connect) -> None:
    session = connect()
    head = session.head(f"{sandbox.base_url}/statuses")
    assert (head.status_code, head.content) == (200, b"")
    assert (
        session.get(f"{sandbox.base_url}/statuses").headers["Content-Length"]
        == (head.headers["Content-Length"])
    )


FAULTS: list[Callable[[Sandbox], None]] = [
    lambda sandbox: sandbox.fail(503),
    lambda sandbox: sandbox.drop(),
    lambda sandbox: sandbox.drop(applied=True),
    lambda sandbox: sandbox.cut(),
    lambda sandbox: sandbox.raw(b"nonsense\r\n\r\n"),
    lambda sandbox: sandbox.slow(3600),
    lambda sandbox: sandbox.stall(),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_reads_are_sent_again(
    sandbox: Sandbox, connect: Connect, fault: Callable[[Sandbox], None]
) -> None:
    fault(sandbox)
    response = connect(max_retries=1).get(f"{sandbox.base_url}/orders", timeout=0.05)
    assert response.json()["meta"]["total"] == 30
    assert len(sandbox.requests) == 2


def test_a_dropped_write_is_not_sent_again(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.drop(applied=True)
    with pytest.raises(APIConnectionError):
        connect(max_retries=5).post(
            f"{sandbox.base_url}/orders/{FIRST_ID}/comment", json={"comment": "once"}
        )
    assert len(sandbox.requests) == len(sandbox.applied) == 1


@pytest.mark.parametrize("begun", [False, True])
def test_a_write_that_is_not_answered_in_time(
    sandbox: Sandbox, connect: Connect, begun: bool
) -> None:
    if begun:
        sandbox.stall()
    else:
        sandbox.slow(3600)
    with pytest.raises(APITimeoutError):
        connect().post(
            f"{sandbox.base_url}/orders/{FIRST_ID}/comment",
            json={"comment": "late"},
            timeout=0.05,
        )
    assert len(sandbox.applied) == 1


def test_a_short_delay_is_waited_for(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.slow(0.01)
    assert connect().get(f"{sandbox.base_url}/statuses", timeout=5).status_code == 200
    sandbox.slow(0.01)
    assert connect().get(f"{sandbox.base_url}/statuses").status_code == 200


def test_raw_answers(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.raw(b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok")
    response = connect().get(f"{sandbox.base_url}/statuses")
    assert (response.status_code, response.text) == (299, "ok")


def test_a_refusal_of_the_bytes_themselves(sandbox: Sandbox, connect: Connect) -> None:
    response = connect().get(f"{sandbox.base_url}/statuses", headers={"X": "x" * 70_000})
    assert response.status_code == 431
    assert sandbox.requests == []


def test_settings_of_a_call(sandbox: Sandbox) -> None:
    assert sandbox.adapter(max_wait=7.0).settings.max_wait == 7.0
