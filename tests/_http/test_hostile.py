"""Answers that no service should give: a typed error or the documented value, and never a hang."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import logging
import math
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from statuspro import (
    APIConnectionError,
    APIError,
    InvalidResponseError,
    NotFoundError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProClient,
    StatusProError,
    ValidationError,
    get_error_message,
    unwrap,
    unwrap_data,
)
from tests.support.records import all_records
from tests.support.servers import KEY, Peer, RawServer, answer, client_of

pytestmark = pytest.mark.usefixtures("waits")

quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def outcome_of(action: Callable[[], Any]) -> Any:
    """What it returns, or the error of ours that it ends in, which must be a sound one."""
    try:
        return action()
    except StatusProError as error:
        failure = error
    assert str(failure)
    assert repr(failure)
    assert str(pickle.loads(pickle.dumps(failure))) == str(failure)
    return failure


# Bytes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 10_000 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 " + b"b" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 99 Low\r\n\r\n{}",
        b"HTTP/1.1 1000 High\r\n\r\n{}",
        b"HTTP/1.1 -200 Negative\r\n\r\n{}",
        b"HTTP/1.1 2OO OK\r\n\r\n{}",
        b"HTTP/3.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"\0" * 1000,
        b"\r\n" * 1000,
    ],
    ids=lambda data: data[:24],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_at_all(method: str, data: bytes) -> None:
    with (
        RawServer(data) as server,
        client_of(server.port, max_retries=1) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders")
    assert caught.value.maybe_applied is (method == "POST")
    assert len(server.requests) in ((1,) if method == "POST" else (1, 2))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("100 Continue\r\n\r\nHTTP/1.1 404 Not Found", NotFoundError),
        ("102 Processing\r\n\r\nHTTP/1.1 404 Not Found", NotFoundError),
        ("103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 503 Down", ServerError),
        ("199 None\r\n\r\nHTTP/1.1 100 None\r\n\r\nHTTP/1.1 299 None", InvalidResponseError),
        ("299 None", InvalidResponseError),
        ("300 Many", RedirectError),
        ("399 None", RedirectError),
        ("499 None", APIError),
        ("599 None", ServerError),
        ("600 None", APIError),
        ("999 None", APIError),
        ("404", NotFoundError),
        ("404 \xff\xfe", NotFoundError),
    ],
)
def test_statuses_that_nobody_has_heard_of(status: str, kind: type[APIError]) -> None:
    with (
        RawServer(answer(b"[1]", status)) as server,
        client_of(server.port, max_retries=0) as client,
    ):
        response = client.get("/orders/1")
        with pytest.raises(kind) as caught:
            client.get_order(1)
    assert type(caught.value) is kind
    assert caught.value.status_code == response.status_code
    assert pickle.loads(pickle.dumps(caught.value)).status_code == response.status_code
    assert len(server.requests) == 2


INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nContent-Length: 7\r\n\r\n",
    b"HTTP/1.0 199 Any\r\nConnection: close\r\n\r\n",
]


@pytest.mark.parametrize("interim", [*INTERIM, b"".join(INTERIM) * 3], ids=lambda sent: sent[9:12])
@pytest.mark.parametrize("is_late", [False, True])
def test_answers_that_are_not_final_are_read_past(interim: bytes, is_late: bool) -> None:
    """Each call gets its own answer, though the connection is used again."""

    def serve(peer: Peer) -> None:
        peer.send(interim)
        if is_late:
            peer.pause(0.01)
        number = peer.request.split(b" ")[1].rpartition(b"/")[2]
        peer.send(answer(b'{"id": %s}' % number, headers=b""))

    with RawServer(serve, keep=True) as server, client_of(server.port) as client:
        for number in range(1, 5):
            assert client.get_order(number)["id"] == number
        assert client.post("/orders/7", json={}).json() == {"id": 7}
    assert server.accepted == 1
    assert len(server.requests) == 5


def test_an_answer_that_is_never_final_was_none() -> None:
    with (
        RawServer(b"HTTP/1.1 102 Processing\r\n\r\n") as server,
        client_of(server.port, max_retries=1) as client,
    ):
        for method, sends in (("GET", 2), ("POST", 1)):
            server.requests.clear()
            with pytest.raises(APIConnectionError) as caught:
                client.request(method, "/orders")
            assert caught.value.maybe_applied is (method == "POST")
            assert len(server.requests) == sends


def test_a_connection_that_goes_on_in_another_protocol_is_not_used_again() -> None:
    upgraded = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
    with (
        RawServer(upgraded, answer(b"[1]"), keep=True) as server,
        client_of(server.port) as client,
    ):
        assert client.get("/orders").json() == [1]
    assert server.accepted == 2


@pytest.mark.parametrize(
    "headers",
    [
        b"no colon\r\n",
        b": no name\r\n",
        b"Content-Type\r\n",
        b"A: b\r\n folded\r\n",
        b" folded around nothing\r\n",
        b"no colon\r\n and folded: too\r\n",
        b"Content-Length : 3\r\n",
        b"\xc3\xa4: not ASCII\r\n",
        b"A: b\rc: d\r\n",
        b"\r\r\n",
        b"From ann@example.test\r\n",
        b"HTTP/1.1 500 No\r\n",
        b"Content-Type: \xff\xfe; charset=nonsense\r\n",
        b"Content-Type: application/json; charset=utf-7\r\n",
        b"Set-Cookie: \xff=\xfe; expires=never; domain=..; path=\r\n" * 50,
        b"Content-Encoding: nonsense\r\n",
        b"Retry-After: \xff\r\nX-RateLimit-Remaining: \xff\r\nDate: \xff\r\n",
        b"Location: \xff\r\nLink: <\xff>; rel=next\r\n",
        b"Connection: \xff, close, \r\n",
    ],
)
def test_headers_that_make_no_sense(headers: bytes) -> None:
    keeps = b"close" not in headers
    data = b"HTTP/1.1 %s\r\n" + headers + b'Content-Length: 9\r\n\r\n{"id": 1}'
    with (
        RawServer(data % b"200 OK", data % b"404 No", data % b"429 Busy", keep=keeps) as server,
        client_of(server.port, max_retries=0) as client,
        all_records() as records,
    ):
        assert client.get_order(1)["id"] == 1
        with pytest.raises(NotFoundError):
            client.get_order(1)
        with pytest.raises(RateLimitError):
            client.get_order(1)
    # Nothing behind such a header is lost: neither the length nor the connection.
    assert server.accepted == (1 if keeps else 3)
    assert not [record for record in records if record.levelno >= logging.WARNING]


@quickly
@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=5))
@example([b"From ann@example.test"])
@example([b"a: b", b"From ann@example.test"])
def test_any_header_leaves_the_others_as_they_are(lines: list[bytes]) -> None:
    known = (b"content-length:", b"transfer-encoding:", b"content-encoding:", b"connection:")
    lines = [line for line in lines if line.strip(b"\r") and not line.lower().startswith(known)]
    head = b"".join(line + b"\r\n" for line in lines)
    data = b"HTTP/1.1 200 OK\r\n" + head + b'Content-Length: 9\r\nX-Last: yes\r\n\r\n{"id": 1}'
    with (
        RawServer(data, keep=True) as server,
        client_of(server.port) as client,
        all_records() as records,
    ):
        for _ in range(2):
            response = client.get("/orders/1")
            assert response.json() == {"id": 1}
            assert response.headers["X-Last"] == "yes"
    assert server.accepted == 1
    assert not [record for record in records if record.levelno >= logging.WARNING]


VALID = [
    answer(b'{"id": 1, "name": "#1", "status": {}}'),
    answer(gzip.compress(b'{"id": 1}'), headers=b"Content-Encoding: gzip\r\n"),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + b'{"id": 1}' + b"\r\n0\r\n\r\n",
    answer(b'{"message": "no"}', "422 No", b"Retry-After: 5\r\n"),
]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """An answer with some of its bytes changed, lost or doubled."""
    data = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(0, 8))
        data[place : place + length] = draw(
            st.binary(max_size=8) | st.just(bytes(data[place : place + length]) * 2)
        )
    return bytes(data)


def test_answers_that_were_mangled() -> None:
    outcomes: list[type] = []
    pending: list[bytes] = [b""]
    with (
        RawServer(lambda peer: peer.send(pending[0])) as server,
        client_of(server.port, max_retries=0, timeout=2.0) as client,
    ):

        @settings(max_examples=80, deadline=None)
        @given(mangled())
        def ask(data: bytes) -> None:
            pending[0] = data
            outcomes.append(type(outcome_of(lambda: client.get_order(1))))

        ask()
    assert len(set(outcomes)) >= 3


# Redirects ------------------------------------------------------------------------------------

LOCATIONS = [
    b"/api/v1/orders/1",
    b"",
    b"?",
    b"#",
    b"..",
    b"//",
    b"///",
    b"http://",
    b"http://[",
    b"http://[::1",
    b"http://127.0.0.1:99999/",
    b"http://127.0.0.1:port/",
    b"http:///",
    b"javascript:alert(1)",
    b"\xff\xfe",
    b"/\xff",
    "/é".encode(),
    b"http://\xff.test/",
    b"http://a b/",
    b"http://127.0.0.1@other.test/",
    b"\\\\other.test\\",
    b"/" * 5000,
    b"%",
    b"/%zz",
    b"http://" + b"a" * 300 + b".test/",
]


@pytest.mark.parametrize("location", LOCATIONS, ids=lambda location: repr(location[:20]))
@pytest.mark.parametrize("follow", [True, False])
def test_locations(follow: bool, location: bytes) -> None:
    headers = b"Connection: close\r\nLocation: " + location + b"\r\n"
    moved, there = answer(b"", "302 Found", headers), answer(b'{"id": 1}')
    with (
        RawServer(moved, there) as server,
        client_of(server.port, follow_redirects=follow) as client,
    ):
        outcome = outcome_of(lambda: client.get_order(1))
    assert isinstance(outcome, RedirectError) or (follow and outcome == {"id": 1})
    assert len(server.requests) == (1 if isinstance(outcome, RedirectError) else 2)
    assert all(b"Authorization: Bearer " in request for request in server.requests)


@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
def test_redirects_that_lead_in_circles(status: str) -> None:
    there = answer(b"", status, b"Location: /api/v1/a\r\nConnection: close\r\n")
    back = answer(b"", status, b"Location: /api/v1/b\r\nConnection: close\r\n")
    with (
        RawServer(*[there, back] * 50) as server,
        client_of(server.port, follow_redirects=True) as client,
    ):
        with pytest.raises(RedirectError, match="no end"):
            client.get_order(1)
        assert len(server.requests) == 31
        server.requests.clear()
        with pytest.raises(RedirectError):
            client.add_order_comment(1, "A comment")
        assert len(server.requests) == (31 if status[:3] in ("307", "308") else 1)


# JSON -----------------------------------------------------------------------------------------

NOT_JSON = [
    b"NaN",
    b"[Infinity]",
    b'{"id": -Infinity}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"\xff\xfe[\x001\x00]\x00",
    b'{"name": "\xff"}',
    b'"' + b"\xc3\x28" + b'"',
    b'{"a": "\n"}',
    b"9" * 5000,
    b"{'id': 1}",
    b'{"id": 1}{"id": 2}',
    b"\0",
    b"<!DOCTYPE html>",
]


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:12]))
def test_bodies_that_are_no_json(body: bytes) -> None:
    answers = [answer(body), answer(body), answer(body, "422 No"), answer(body, "500 No")]
    with RawServer(*answers) as server, client_of(server.port, max_retries=0) as client:
        read = outcome_of(lambda: client.get_order(1))
        written = outcome_of(lambda: client.add_order_comment(1, "A comment"))
        refused = outcome_of(lambda: client.add_order_comment(1, "A comment"))
        failed = outcome_of(lambda: client.get_order(1))
    assert type(read) is type(written) is InvalidResponseError
    assert (read.maybe_applied, written.maybe_applied) == (False, True)
    assert read.response is not None
    assert read.response.content == b""
    assert type(refused) is ValidationError
    assert refused.error_response is None
    assert refused.validation_errors == {}
    assert type(failed) is ServerError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", None),
        (b" \r\n", None),
        (b"null", None),
        (b"\xef\xbb\xbf[1]", [1]),
        (b"1e400", math.inf),
        (b'"\\ud800"', "\ud800"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"12345678901234567890123", 12345678901234567890123),
        (b"[" * 400 + b"]" * 400, None),
    ],
)
def test_bodies_that_are_json_all_the_same(body: bytes, value: Any) -> None:
    with RawServer(answer(body)) as server, client_of(server.port) as client:
        response = client.get("/orders/1")
    if body.startswith(b"[["):
        assert isinstance(unwrap(response), list)
    else:
        assert unwrap(response) == value


# Values of any kind, anywhere -------------------------------------------------------------------

WORDS = st.sampled_from(
    "id name data meta current_page from last_page per_page to total status code color is_set "
    "history history_count comment is_public created_at due_date due_date_to message errors count "
    "limit set_at public mail_log changed_at date".split()
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.sampled_from([10**30, -(10**30), 0.5, 1e308, "", "1", "07", "-1", "1e3", "٣", "\ud800"])
    | st.sampled_from(["st000002", "2026-02-30", "2026-02-10T00:00:00Z", "#1042", "A comment"])
    | st.text(max_size=5)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
ITEM = st.dictionaries(WORDS, JSON, max_size=6)
PAGE = st.fixed_dictionaries(
    {
        "data": st.lists(ITEM | JSON, max_size=4) | JSON,
        "meta": st.fixed_dictionaries(
            {},
            optional={
                name: st.integers(-1, 4) | SCALARS | JSON
                for name in ("current_page", "from", "last_page", "per_page", "to", "total")
            },
        )
        | JSON,
    }
)
ORDER = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(0, 3) | JSON,
        "status": ITEM | JSON,
        "history": st.lists(ITEM | JSON, max_size=3) | JSON,
        "due_date": SCALARS | JSON,
        "due_date_to": SCALARS | JSON,
        "mail_log": JSON,
    },
)
BODIES = JSON | PAGE | ORDER | st.lists(ITEM | JSON, max_size=4)

#: A walk that asks for more pages than this has no end.
MOST_REQUESTS = 400


class Canned(BaseAdapter):
    """Answers each request with the next body; the last one again and again."""

    def __init__(self, bodies: Iterable[bytes], statuses: Iterable[int] = (200,)) -> None:
        super().__init__()
        bodies, statuses = list(bodies), list(statuses)
        self._bodies = itertools.chain(bodies, itertools.repeat(bodies[-1]))
        self._statuses = itertools.chain(statuses, itertools.repeat(statuses[-1]))
        self.sent = 0

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        self.sent += 1
        assert self.sent <= MOST_REQUESTS
        response = requests.Response()
        response.status_code = next(self._statuses)
        response.request = request
        response.url = request.url or ""
        response.headers["Date"] = "Tue, 10 Feb 2026 10:00:00 GMT"
        response.raw = io.BytesIO(next(self._bodies))
        return response

    def close(self) -> None:
        """Nothing is open."""


def canned(bodies: Iterable[Any], statuses: Iterable[int] = (200,)) -> StatusProClient:
    adapter = Canned((json.dumps(body).encode() for body in bodies), statuses)
    return StatusProClient(KEY, "https://a.test", adapter=adapter, trust_env=False, max_pages=30)


ENDPOINTS: dict[str, Callable[[StatusProClient], Any]] = {
    "list": lambda client: client.list_orders(),
    "page": lambda client: client.list_orders(page=1),
    "walk": lambda client: list(client.iter_orders(has_status=True)),
    "pages": lambda client: list(client.iter_order_pages()),
    "ahead": lambda client: list(client.iter_orders(prefetch=2, has_status=False)),
    "any list": lambda client: list(client.paginate("/anything")),
    "get": lambda client: client.get_order(1),
    "many": lambda client: list(client.get_orders([1, 2], workers=1)),
    "lookup": lambda client: client.lookup_order(number="1", email="a@b.test"),
    "viable": lambda client: client.get_viable_statuses(1),
    "statuses": lambda client: client.get_statuses(),
    "summary": lambda client: client.summarize_orders(),
    "status": lambda client: client.update_order_status(1, "st000002"),
    "checked": lambda client: client.update_order_status(1, "st000002", check=True),
    "confirmed": lambda client: client.update_order_status(
        1, "st000002", comment="A comment", confirm=True
    ),
    "comment": lambda client: client.add_order_comment(1, "A comment", confirm=True),
    "due date": lambda client: client.set_order_due_date(1, "2026-02-10", confirm=True),
    "bulk": lambda client: client.bulk_update_order_status([1, 2], "st000002"),
    "batches": lambda client: list(client.iter_bulk_update_order_status([1, 2], "st000002")),
}


@pytest.mark.filterwarnings("ignore::statuspro.TruncatedListWarning")
@pytest.mark.parametrize("name", ENDPOINTS)
@quickly
@given(bodies=st.lists(BODIES, min_size=1, max_size=4))
@example(bodies=[{"data": [{"id": [1]}], "meta": {"last_page": 2}}])
@example(bodies=[[{}, {"code": ""}, {"code": [None]}]])
@example(bodies=[{"data": [{"id": 1}], "meta": {"last_page": 10**9}}])
@example(bodies=[{"data": [], "meta": {"last_page": 10**9, "total": 10**9}}])
@example(bodies=[{"data": [{"id": None}] * 3, "meta": {"last_page": 3, "total": 3, "per_page": 1}}])
@example(bodies=[{"data": [{"id": True}, {"id": 1}], "meta": {"last_page": "2", "total": "2"}}])
def test_any_answer_of_an_endpoint(name: str, bodies: list[Any]) -> None:
    with canned(bodies) as client:
        outcome_of(lambda: ENDPOINTS[name](client))


@pytest.mark.parametrize("name", ["confirmed", "comment", "due date"])
@quickly
@given(
    bodies=st.lists(ORDER | JSON, min_size=1, max_size=4), status=st.sampled_from([500, 503, 504])
)
def test_any_order_that_is_read_back(name: str, bodies: list[Any], status: int) -> None:
    """The write fails; what is read back decides."""
    with canned([bodies[0], *bodies], [200, status, 200, status, 200]) as client:
        outcome_of(lambda: ENDPOINTS[name](client))


@quickly
@given(
    body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()),
    status=st.integers(100, 999),
)
def test_any_answer_of_any_status(body: bytes, status: int) -> None:
    with StatusProClient(KEY, "https://a.test", adapter=Canned([body], [status])) as client:
        response = client.get("/orders", params={"search": "Ann Example"})
    message = get_error_message(response)
    assert (message is None) is (200 <= status < 300)
    if not 200 <= status < 300:
        assert unwrap_data(response, raise_on_error=False, default=7) == 7
    outcome = outcome_of(lambda: unwrap(response))
    if isinstance(outcome, APIError):
        assert outcome.status_code == status
        assert "Ann Example" not in f"{outcome!s}{outcome!r}{vars(outcome)}"
    else:
        assert 200 <= status < 300
