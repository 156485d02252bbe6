"""Whatever goes wrong, nobody but the service gets to see the key and the customers' data."""

from __future__ import annotations

import contextlib
import html
import json
import logging
import pickle
import socket
import ssl
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
import trustme
import urllib3

from statuspro import (
    APIConnectionError,
    RateLimit,
    StatusProClient,
    StatusProError,
    handle_response,
    unwrap,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.faults import RawResponse
from statuspro.sandbox.messages import Record, Response
from tests.support.proxies import Proxy
from tests.support.records import all_records
from tests.support.servers import KEY, Peer, RawServer, answer, client_of

pytestmark = pytest.mark.usefixtures("waits")

EMAIL = "zoë.quux@kunden.example"
NAME = "Zoë O'Quüxmann-Ørsted"
COMMENT = "Gate code 4711/12, ring at Müller's"
SEARCH = "quux zoë"
NUMBER = "#77134-Q"
CODE = "st000003"

CONFIDENTIAL = [KEY, EMAIL, NAME, COMMENT, SEARCH, NUMBER]


def spellings(value: str) -> Iterator[str]:
    yield value
    yield quote(value)
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield value.encode().decode("latin-1")
    yield ascii(value)[1:-1]
    yield repr(value.encode())[2:-1]
    yield html.escape(value).replace("&#x27;", "&#039;")
    yield json.dumps(value)[1:-1].replace("/", "\\/")


FORBIDDEN = {spelling for value in CONFIDENTIAL for spelling in spellings(value)}

Action = Callable[[StatusProClient], Any]

READS: dict[str, Action] = {
    "lookup": lambda client: client.lookup_order(number=NUMBER, email=EMAIL),
    "find": lambda client: client.find_order(NUMBER),
    "search": lambda client: client.list_orders(search=SEARCH),
    "walk": lambda client: list(client.iter_orders(search=NAME, tags=[NAME])),
    "get": lambda client: unwrap(client.get("/orders", params={"email": EMAIL})),
    "cookies": lambda client: unwrap(client.get("/orders", cookies={"last": NUMBER})),
}
WRITES: dict[str, Action] = {
    "comment": lambda client: client.add_order_comment(1, COMMENT),
    "status": lambda client: client.update_order_status(1, CODE, comment=COMMENT),
    "confirmed": lambda client: client.add_order_comment(1, COMMENT, confirm=True),
    "nested": lambda client: unwrap(
        client.post("/orders", json={"customer": {"names": [NAME, {"of": COMMENT}]}})
    ),
    "form": lambda client: unwrap(client.post("/orders", data={"names": [NAME, COMMENT]})),
    "bulk": lambda client: client.bulk_update_order_status([1], CODE, comment=COMMENT),
    "batches": lambda client: list(
        client.iter_bulk_update_order_status([1, 2], CODE, comment=COMMENT)
    ),
}
ACTIONS = READS | WRITES


def told(action: Action, client: StatusProClient) -> tuple[BaseException | None, str]:
    """What comes of it, and everything that others get to see of that."""
    with all_records() as records, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error: BaseException | None = None
        try:
            action(client)
        except StatusProError as failure:
            error = failure
    parts: list[str] = [repr(client), str(client)]
    for record in records:
        parts += [logging.Formatter().format(record), repr(record.args), repr(vars(record))]
    parts += [str(warning.message) for warning in caught]
    parts.append(pickle.dumps(client).decode("latin-1"))
    while error is not None:
        parts += parts_of(error)
        if error.__cause__ is None:
            break
        error = error.__cause__
    return error, "\n".join(parts)


def parts_of(error: BaseException) -> Iterator[str]:
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    yield "".join(traceback.format_exception(error))
    yield pickle.dumps(error).decode("latin-1")
    yield pickle.dumps(error).decode("utf-8", "replace")
    response = getattr(error, "response", None)
    if response is not None:
        yield f"{vars(response)!r} {response.text} {response.headers} {response.url}"


def leaks(text: str) -> list[str]:
    return sorted(spelling for spelling in FORBIDDEN if spelling in text)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(orders=3, api_key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.clear_faults()
    shared.on_request = None
    shared.requests.clear()
    return shared


def test_the_check_finds_what_it_looks_for() -> None:
    for value in (KEY, quote(EMAIL), quote_plus(SEARCH), json.dumps(COMMENT), NAME):
        assert leaks(f"… {value} …")
    error = ValueError(EMAIL)
    assert leaks("".join(parts_of(error)))


# The table ------------------------------------------------------------------------------------

Fault = Callable[[Sandbox], None]

STATUSES = [301, 302, 307, 400, 401, 403, 404, 405, 409, 422, 429, 500, 501, 502, 503, 504, 599]


def carried(record: Record) -> Iterator[str]:
    """All that a request says in confidence."""
    for values in record.query.values():
        yield from values
    if record.body[:1] == b"{":
        yield from strings_of(json.loads(record.body))
    else:
        yield from (value for _, value in parse_qsl(record.body.decode()))
    yield from (KEY, record.headers["Authorization"] or "")
    yield from (record.headers["Cookie"] or "").replace("last=", "").split("; ")


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings_of(item)


def repeating(make: Callable[[str, list[str]], Response]) -> Fault:
    """A service with no discretion at all: it repeats whatever it was sent."""

    def fault(sandbox: Sandbox) -> None:
        def on_request(record: Record) -> None:
            values = list(carried(record))
            sandbox.inject(lambda answer, pause: make(" / ".join(values), [*values, EMAIL]))

        sandbox.on_request = on_request

    return fault


def in_json(status: int) -> Fault:
    def make(text: str, values: list[str]) -> Response:
        body = {
            "message": f"Not found: {text}",
            "errors": {"field": [text], text: values, "email": f"{values!r} {quote(text)}"},
            "input": {"deep": [{text: values}]},
        }
        headers = [("X-Debug", quote_plus(text)), ("Location", f"/login?of={quote(text)}")]
        return Response.of_json(status, body, headers)

    return repeating(make)


def as_php_escapes(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#039;")


def as_php_encodes(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


def in_bytes(
    status: int,
    pattern: str,
    encoding: str = "utf-8",
    spell: Callable[[str], str] = str,
) -> Fault:
    def make(text: str, values: list[str]) -> Response:
        body = (pattern % spell(text)).encode(encoding, "replace")
        return Response(status, body, [("Content-Type", "text/html")])

    return repeating(make)


def in_raw(pattern: str) -> Fault:
    def make(text: str, values: list[str]) -> Response:
        raise RawResponse((pattern % text).encode())

    return repeating(make)


FAULTS: dict[str, Fault] = {
    **{f"{status}": in_json(status) for status in STATUSES},
    "429 for long": lambda sandbox: sandbox.fail(429, 99, retry_after=9999),
    "HTML with an error": in_bytes(500, "<html>%s</html>"),
    "HTML in latin-1": in_bytes(500, "<html>%s</html>", "latin-1"),
    "HTML of PHP": in_bytes(503, "<html>%s</html>", spell=as_php_escapes),
    "broken JSON of PHP": in_bytes(500, '{"message": "%s', spell=as_php_encodes),
    "HTML": in_bytes(200, "<html>%s</html>"),
    "broken JSON": in_bytes(200, '{"data": ["%s'),
    "another JSON": in_bytes(200, '["%s"]'),
    "another list": in_bytes(200, '{"data": ["%s"], "meta": {"last_page": "%%s"}}'),
    "another object": in_bytes(200, '{"data": [{"id": ["%s"]}], "meta": {"last_page": 1}}'),
    "another end": in_bytes(200, '{"data": [], "meta": {"last_page": "%s"}}'),
    "dropped": lambda sandbox: sandbox.drop(99),
    "dropped when applied": lambda sandbox: sandbox.drop(99, applied=True),
    "cut off": lambda sandbox: sandbox.cut(99),
    "stalled": lambda sandbox: sandbox.stall(60, 99),
    "late": lambda sandbox: sandbox.slow(60, 99),
    "not HTTP": in_raw("%s\r\n"),
    "a status that is none": in_raw("HTTP/1.1 99 %s\r\n\r\n"),
    "a status line without end": in_raw("HTTP/1.1 %s" + "x" * 70_000),
    "headers that are none": in_raw("HTTP/1.1 200 OK\r\nA: b\r\n%s\r\n %%s\r\n\r\n{}"),
    "headers that break off": in_raw("HTTP/1.1 200 OK\r\nA: %s"),
    "chunks that are none": in_raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s"),
    "a length that is none": in_raw("HTTP/1.1 200 OK\r\nContent-Length: 5, 6, %s\r\n\r\n{}"),
    "a coding that is none": in_raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n%s"),
    "a reason": in_raw("HTTP/1.1 404 %s\r\nContent-Length: 0\r\n\r\n"),
    "a cookie": in_raw(
        "HTTP/1.1 404 No\r\nSet-Cookie: a=%s; Max-Age=x\r\nContent-Length: 0\r\n\r\n"
    ),
}

#: They wait for a timeout each time.
SLOW = ("stalled", "late")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_failure_shows_anything(fault: str, sandbox: Sandbox) -> None:
    FAULTS[fault](sandbox)
    timeout = 0.05 if fault in SLOW else 5.0
    for name, action in ACTIONS.items():
        with sandbox.client(timeout=timeout, max_retries=1) as client:
            _, text = told(action, client)
            assert leaks(text) == [], name
            assert "/api/v1/orders" in text  # it was listened to
    assert len(sandbox.requests) >= len(ACTIONS)


@pytest.mark.parametrize("name", ACTIONS)
def test_no_success_shows_anything(name: str, sandbox: Sandbox) -> None:
    customer = {"name": NAME, "email": EMAIL}
    order = sandbox.add_order(customer=customer, status_code=None, tags=(NAME,))
    name_of_order = sandbox.order(order).name
    with sandbox.client() as client:
        if name == "lookup":
            _, text = told(lambda c: c.lookup_order(number=name_of_order, email=EMAIL), client)
        elif name == "comment":
            _, text = told(lambda c: c.add_order_comment(order, COMMENT, confirm=True), client)
        else:
            _, text = told(ACTIONS[name], client)
    assert leaks(text) == []


def test_a_422_tells_what_is_wrong_all_the_same(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        error, text = told(lambda c: c.lookup_order(number=NUMBER, email="not an address"), client)
        assert "email" in text
        assert leaks(text) == []
        error, text = told(lambda c: c.add_order_comment(client_order(c), "x"), client)
    assert "comment" in str(error)
    assert leaks(text) == []


def client_order(client: StatusProClient) -> int:
    return int(client.list_orders(page=1, per_page=1)["data"][0]["id"])


# Failures that no service answers ---------------------------------------------------------------


def repeats(peer: Peer) -> None:
    peer.send(answer(peer.request, "500 Down"))


def every_action(client: StatusProClient) -> None:
    with client:
        for name, action in ACTIONS.items():
            error, text = told(action, client)
            assert error is not None
            assert leaks(text) == [], name


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    every_action(client_of(port, max_retries=1))


def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    every_action(client_of(443, "https", "nowhere.invalid", max_retries=1))


def test_a_certificate_of_nobody() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with RawServer(answer(), tls=context) as server:
        every_action(client_of(server.port, "https", max_retries=1))


def test_a_certificate_that_is_not_checked() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with RawServer(repeats, tls=context) as server:
        every_action(client_of(server.port, "https", max_retries=1, verify=False))


def test_behind_a_proxy_that_repeats_what_it_was_sent() -> None:
    with RawServer(repeats) as proxy:
        every_action(
            client_of(1, max_retries=1, proxies={"http": f"http://127.0.0.1:{proxy.port}"})
        )


def test_behind_a_proxy_that_refuses() -> None:
    with Proxy(refuse=answer(status="502 Bad Gateway")) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        every_action(client_of(1, "https", max_retries=1, proxies={"https": url}))


def test_answers_too_large(sandbox: Sandbox) -> None:
    sandbox.fail(200, 99, body=json.dumps({"data": [NAME, EMAIL, KEY, COMMENT] * 100}))
    every_action(sandbox.client(max_response_bytes=1000))


def test_a_budget_that_is_used_up(sandbox: Sandbox) -> None:
    with sandbox.client(rate_limit=RateLimit(1, 1, 64.0), max_wait=0) as client:
        client.get("/statuses")
        every_action(client)


@pytest.mark.parametrize(
    "location", ["/login?%s", "http://other.test/?%s", "http://[%s", "?%s", "//other.test?%s"]
)
def test_redirects_that_are_followed(location: str, sandbox: Sandbox) -> None:
    target = location % f"email={quote(EMAIL)}&key={KEY}"
    sandbox.fail(307, 99, headers={"Location": target})
    for action in ACTIONS.values():
        with sandbox.client(follow_redirects=True) as client:
            _, text = told(action, client)
            assert leaks(text) == []


# Arguments that are refused ---------------------------------------------------------------------

REFUSED: dict[str, Action] = {
    "ids": lambda client: client.get_order(EMAIL),
    "a search": lambda client: client.list_orders(search=[SEARCH]),  # type: ignore[arg-type]
    "tags": lambda client: client.list_orders(tags=NAME),  # type: ignore[arg-type]
    "a comment": lambda client: client.add_order_comment(1, COMMENT.encode()),  # type: ignore[arg-type]
    "a date": lambda client: client.set_order_due_date(1, NAME),
    "a filter": lambda client: client.list_orders(email=EMAIL),  # type: ignore[call-arg]
    "bulk ids": lambda client: client.bulk_update_order_status(EMAIL, CODE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_are_refused(name: str, sandbox: Sandbox) -> None:
    with sandbox.client() as client, pytest.raises((TypeError, ValueError)) as caught:
        REFUSED[name](client)
    assert leaks("".join(parts_of(caught.value))) == []
    assert sandbox.requests == []


# What travels, and what is kept -----------------------------------------------------------------


def test_a_pickled_client_carries_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with client_of(1) as client:
        data = pickle.dumps(client)
        assert KEY.encode() not in data
        monkeypatch.setenv("STATUSPRO_API_KEY", "another-key")
        assert "another-key" not in repr(pickle.loads(data))


def test_variables_in_a_traceback_do_not_hold_the_key(sandbox: Sandbox) -> None:
    """Error reporters show the local variables of each frame."""
    sandbox.drop(99)
    sandbox.fail(500, 99)
    with sandbox.client(max_retries=1) as client:
        for action in (READS["get"], WRITES["comment"]):
            with pytest.raises(StatusProError) as caught:
                action(client)
            shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            assert KEY not in "".join(shown.format())


def test_on_error_gets_an_error_that_can_be_kept(sandbox: Sandbox) -> None:
    in_json(422)(sandbox)
    kept: list[Exception] = []
    with sandbox.client() as client:
        response = client.get("/orders/lookup", params={"number": NUMBER, "email": EMAIL})
        handle_response(response, on_error=kept.append)
    assert leaks("".join(parts_of(kept[0]))) == []


def test_the_reason_of_a_wait_is_no_secret(sandbox: Sandbox) -> None:
    reasons: list[str] = []

    def on_wait(seconds: float, reason: str) -> None:
        reasons.append(reason)

    in_json(503)(sandbox)
    with sandbox.client(on_wait=on_wait) as client:
        client.get("/orders", params={"search": SEARCH})
        in_json(429)(sandbox)
        client.get("/orders", params={"search": SEARCH})
    assert len(reasons) == 10
    assert leaks("\n".join(reasons)) == []


# Others ---------------------------------------------------------------------------------------


def reachable_from(start: Any) -> Iterator[str]:
    """Every text that the attributes of an object lead to, and theirs, but for a call's frames."""
    seen: set[int] = set()
    waiting: list[Any] = [start]
    passed = (ModuleType, type, TracebackType, FrameType, FunctionType, logging.Logger)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, passed):
            continue
        seen.add(id(thing))
        if isinstance(thing, (str, bytes, bytearray)):
            yield thing if isinstance(thing, str) else thing.decode("latin-1")
        elif isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            waiting += thing
        elif isinstance(thing, BaseException):
            waiting += [thing.args, vars(thing), thing.__cause__, thing.__context__]
        else:
            waiting.append(getattr(thing, "__dict__", None))


@pytest.mark.parametrize("fault", ["refused", "proxy", "socks", "dropped", "late", "reused"])
def test_no_record_leads_to_a_request(fault: str, sandbox: Sandbox) -> None:
    """What is logged is kept by some handlers, with all that hangs on it."""
    with RawServer(b"") as gone:
        pass
    proxy = {
        "proxy": {"http": f"http://127.0.0.1:{gone.port}"},
        "socks": {"http": f"socks5://127.0.0.1:{gone.port}"},
    }.get(fault)
    port = gone.port if fault in ("refused", "proxy", "socks") else sandbox.port
    options: dict[str, Any] = {"proxies": proxy, "max_retries": 2, "timeout": 0.2}
    with client_of(port, **options) as client, all_records() as records:
        if fault == "reused":
            client.get("/orders", params={"search": NAME})
        if fault == "late":
            sandbox.slow(60)
        else:
            sandbox.drop()
        with contextlib.suppress(APIConnectionError):
            client.get("/orders", params={"search": NAME, "email": EMAIL})
    args = [record.args for record in records if "Retrying" in record.msg]
    assert args
    texts = [text for given in args for text in reachable_from(given)]
    assert len(texts) > 20
    assert not [text for text in texts if leaks(text)]


def test_other_users_of_urllib3_log_as_before(sandbox: Sandbox) -> None:
    with (
        RawServer(b"", answer()) as server,
        sandbox.client() as client,
        urllib3.PoolManager() as manager,
        all_records() as records,
    ):
        client.get("/orders", params={"search": SEARCH})
        url = f"http://127.0.0.1:{server.port}/path?seen=yes"
        manager.request("GET", url, retries=urllib3.Retry(2, backoff_factor=0))
        client.get("/orders", params={"search": SEARCH})
    theirs = [record.getMessage() for record in records if "/path?seen=yes" in record.getMessage()]
    assert any(text.startswith("Retrying") for text in theirs)
    assert any('"GET /path?seen=yes HTTP/1.1" 200' in text for text in theirs)
    assert leaks("\n".join(record.getMessage() for record in records)) == []
