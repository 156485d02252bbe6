"""What happens when: every fault, and what comes of it for reads, writes and confirmed writes.

`tests/_http/test_fault_matrix.py` tries every cell, and the page of the documentation shows the
same cells: `python -m tests.support.fault_matrix` prints them as the tables that it includes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProClient,
    StatusProError,
    ValidationError,
    iter_orders,
)
from statuspro.sandbox import Sandbox
from statuspro.sandbox.orders import Order

MAX_RETRIES = 2

#: Bytes; larger than any response with the matrix' orders.
MAX_RESPONSE_BYTES = 200_000

EVERY_TIME = 1_000_000

#: Seconds, of the calls in the last column.
DEADLINE = 2


class Fate(Enum):
    """What becomes of a request that meets a fault."""

    PASSES = "it is no fault to the client"
    AGAIN = "sent again"
    FOUND = "the order, read back, shows the write: not sent again"
    ENDS = "an error"


Inject = Callable[..., None]


@dataclass(frozen=True)
class Fault:
    """A fault of the sandbox, and the fate of the requests that meet it.

    Attributes:
        name: of the tests.
        says: what happens, in words.
        inject: called with the sandbox, how many requests meet it, and which.
        error: what ends the call, where something does.
        read: the fate of a GET.
        write: the fate of a POST.
        confirmed: the fate of a POST with `confirm=True`.
        applied: whether the service has applied a write that meets it.
        uncertain: whether the error of a write says `maybe_applied`.
        times_out: whether the client is to wait in vain.
        is_outlasted: whether the pause before the next attempt is longer than the deadline.
        reachable: whether requests arrive at all.
    """

    name: str
    says: str
    inject: Inject
    error: type[StatusProError]
    read: Fate
    write: Fate
    confirmed: Fate
    applied: bool = False
    uncertain: bool = True
    times_out: bool = False
    is_outlasted: bool = False
    reachable: bool = True

    @property
    def keeps_connection(self) -> bool:
        """Whether the service sends a whole response, after which its connection can be used."""
        return not issubclass(self.error, APIConnectionError)


class Cell(NamedTuple):
    """What is to be seen of one call.

    Attributes:
        error: what it raises; None where it succeeds.
        maybe_applied: what the error says.
        sends: how often the request that meets the fault arrives.
        applied: how many writes the service has applied.
    """

    error: type[StatusProError] | None
    maybe_applied: bool
    sends: int
    applied: int


class Endpoint(NamedTuple):
    """A function, and the request of it that is to meet the fault.

    Attributes:
        name: as the documentation says it.
        call: calls it, with a client and an order.
        method: of the request.
        path: of the request, `{id}` standing for the order's id.
        others: how many requests it sends besides, if all goes well.
    """

    name: str
    call: Callable[[StatusProClient, Order], Any]
    method: str
    path: str
    others: int = 0


PASSES, AGAIN, FOUND, ENDS = Fate.PASSES, Fate.AGAIN, Fate.FOUND, Fate.ENDS


# The faults ---------------------------------------------------------------------------------------


def _fail(status: int, **keywords: Any) -> Inject:
    return lambda sandbox, times, **which: sandbox.fail(status, times, **keywords, **which)


def _fail_after(status: int) -> Inject:
    return lambda sandbox, times, **which: sandbox.fail_after(status, times, **which)


def _drop(applied: bool) -> Inject:
    return lambda sandbox, times, **which: sandbox.drop(times, applied=applied, **which)


def _slow(seconds: float) -> Inject:
    return lambda sandbox, times, **which: sandbox.slow(seconds, times, **which)


def _html(applied: bool) -> Inject:
    return lambda sandbox, times, **which: sandbox.html(times, applied=applied, **which)


def _raw(data: bytes) -> Inject:
    return lambda sandbox, times, **which: sandbox.raw(data, times, **which)


def _cut(sandbox: Sandbox, times: int, **which: str) -> None:
    sandbox.cut(times, **which)


def _stall(sandbox: Sandbox, times: int, **which: str) -> None:
    sandbox.stall(3600, times, **which)


def _nothing(sandbox: Sandbox, times: int, **which: str) -> None:
    pass


def _refused(status: int, error: type[StatusProError], says: str) -> Fault:
    return Fault(f"{status}", says, _fail(status), error, ENDS, ENDS, ENDS, uncertain=False)


def _unusable(name: str, says: str, body: bytes, **headers: str) -> Fault:
    inject = _fail(200, body=body, headers=headers)
    return Fault(name, says, inject, InvalidResponseError, ENDS, ENDS, ENDS)


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

FAULTS = [
    Fault("none", "nothing goes wrong", _nothing, StatusProError, PASSES, PASSES, PASSES),
    Fault(
        "slow",
        "the response is slow, but within the timeout",
        _slow(0.02),
        StatusProError,
        PASSES,
        PASSES,
        PASSES,
    ),
    # What the service refuses
    _refused(400, APIError, "400, a malformed request"),
    _refused(401, AuthenticationError, "401, the key is refused"),
    _refused(403, PermissionDeniedError, "403, the key may not do this"),
    _refused(404, NotFoundError, "404, there is no such order"),
    _refused(405, APIError, "405, the method is not supported"),
    _refused(409, APIError, "409, a conflict"),
    _refused(422, ValidationError, "422, the values are refused"),
    Fault(
        "429",
        "429, the rate limit is used up",
        _fail(429),
        RateLimitError,
        AGAIN,
        AGAIN,
        AGAIN,
        uncertain=False,
        is_outlasted=True,
    ),
    Fault(
        "429-retry-after",
        "429 with ``Retry-After``",
        _fail(429, retry_after=0.01),
        RateLimitError,
        AGAIN,
        AGAIN,
        AGAIN,
        uncertain=False,
    ),
    Fault(
        "429-nonsense",
        "429 with a ``Retry-After`` that makes no sense",
        _fail(429, retry_after="soon"),
        RateLimitError,
        AGAIN,
        AGAIN,
        AGAIN,
        uncertain=False,
        is_outlasted=True,
    ),
    Fault(
        "429-too-long",
        "429 with a ``Retry-After`` beyond ``max_wait``",
        _fail(429, retry_after=3600),
        RateLimitError,
        ENDS,
        ENDS,
        ENDS,
        uncertain=False,
    ),
    Fault(
        "302",
        "302, to a login page",
        _fail(302, body=b"", headers={"Location": "/login?from=here"}),
        RedirectError,
        ENDS,
        ENDS,
        ENDS,
        uncertain=False,
    ),
    Fault(
        "308",
        "308, to another host",
        _fail(308, body=b"", headers={"Location": "https://elsewhere.example/api"}),
        RedirectError,
        ENDS,
        ENDS,
        ENDS,
        uncertain=False,
    ),
    # Where the service fails
    *[
        Fault(f"{status}", f"{status}, nothing applied", _fail(status), ServerError, AGAIN, *fates)
        for status, fates in [
            (500, (ENDS, AGAIN)),
            (502, (ENDS, AGAIN)),
            (503, (ENDS, AGAIN)),
            (504, (ENDS, ENDS)),  # whatever the gateway gave up on may still be at work
        ]
    ],
    *[
        Fault(
            f"{status}-after",
            f"{status}, but the write was applied",
            _fail_after(status),
            ServerError,
            AGAIN,
            ENDS,
            FOUND,
            applied=True,
        )
        for status in (500, 502, 503, 504)
    ],
    Fault(
        "503-retry-after",
        "503 with ``Retry-After``",
        _fail(503, retry_after=0.01),
        ServerError,
        AGAIN,
        ENDS,
        AGAIN,
    ),
    Fault(
        "503-too-long",
        "503 with a ``Retry-After`` beyond ``max_wait``",
        _fail(503, retry_after=3600),
        ServerError,
        ENDS,
        ENDS,
        AGAIN,
    ),
    Fault(
        "503-html",
        "503 with a page of HTML",
        _fail(503, body=b"<html>Down</html>", headers={"Content-Type": "text/html"}),
        ServerError,
        AGAIN,
        ENDS,
        AGAIN,
    ),
    *[
        Fault(f"{status}", f"{status}", _fail(status), ServerError, ENDS, ENDS, ENDS)
        for status in (501, 505, 520, 599)
    ],
    # Where the connection fails
    Fault(
        "refused",
        "no connection can be made",
        _nothing,
        APIConnectionError,
        AGAIN,
        AGAIN,
        AGAIN,
        uncertain=False,
        reachable=False,
    ),
    Fault(
        "drop",
        "the connection is dropped, nothing applied",
        _drop(applied=False),
        APIConnectionError,
        AGAIN,
        ENDS,
        AGAIN,
    ),
    Fault(
        "drop-after",
        "the connection is dropped, but the write was applied",
        _drop(applied=True),
        APIConnectionError,
        AGAIN,
        ENDS,
        FOUND,
        applied=True,
    ),
    Fault(
        "timeout",
        "no response in time",
        _slow(3600),
        APITimeoutError,
        AGAIN,
        ENDS,
        FOUND,
        applied=True,
        times_out=True,
    ),
    Fault(
        "stall",
        "the response's body stalls",
        _stall,
        APITimeoutError,
        AGAIN,
        ENDS,
        FOUND,
        applied=True,
        times_out=True,
    ),
    Fault(
        "cut",
        "the response's body breaks off",
        _cut,
        APIConnectionError,
        AGAIN,
        ENDS,
        FOUND,
        applied=True,
    ),
    *[
        Fault(name, says, _raw(data), APIConnectionError, AGAIN, ENDS, AGAIN)
        for name, says, data in [
            ("not-http", "the response is not HTTP", b"Hello\r\n\r\n"),
            (
                "status-99",
                "the response has a status of two digits",
                b"HTTP/1.1 99 No\r\n",
            ),
            ("headers-cut", "the response breaks off in its headers", _HEAD + b"Content-"),
            (
                "headers-endless",
                "the response has 10,000 headers",
                _HEAD + b"X-More: 1\r\n" * 10_000 + b"\r\n{}",
            ),
            (
                "chunks-broken",
                "the response's chunks are malformed",
                _HEAD + b"Transfer-Encoding: chunked\r\n\r\nnone\r\n",
            ),
            (
                "gzip-broken",
                "the response's compression is broken",
                _HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
            ),
        ]
    ],
    # Where a 2xx cannot be used
    Fault(
        "html",
        "200 with a page of HTML, nothing applied",
        _html(applied=False),
        InvalidResponseError,
        ENDS,
        ENDS,
        ENDS,
    ),
    Fault(
        "html-after",
        "200 with a page of HTML, but the write was applied",
        _html(applied=True),
        InvalidResponseError,
        ENDS,
        ENDS,
        FOUND,
        applied=True,
    ),
    _unusable("broken-json", "200 with broken JSON", b'{"data": ['),
    _unusable("nan", "200 with NaN, which is not JSON", b'{"message": NaN}'),
    _unusable("deep", "200 with JSON 100,000 levels deep", b"[" * 100_000),
    _unusable("not-utf-8", "200 with bytes that are not UTF-8", b'{"message": "\xff"}'),
    _unusable("empty", "200 with an empty body", b""),
    _unusable("null", "200 with ``null``", b"null"),
    _unusable("string", "200 with a string instead of an object or an array", b'"all is well"'),
    _unusable("oversized", "200 larger than ``max_response_bytes``", b" " * 2 * MAX_RESPONSE_BYTES),
]


# The endpoints ------------------------------------------------------------------------------------


def _lookup(client: StatusProClient, order: Order) -> Any:
    return client.lookup_order(number=order.name, email=order.customer.email)


READS = [
    Endpoint("list_orders(page=1)", lambda c, o: c.list_orders(page=1), "GET", "/orders"),
    Endpoint("list_orders", lambda c, o: c.list_orders(per_page=4), "GET", "/orders", 1),
    Endpoint("iter_orders", lambda c, o: list(iter_orders(c, per_page=4)), "GET", "/orders", 1),
    Endpoint(
        "iter_order_pages",
        lambda c, o: list(c.iter_order_pages(per_page=4)),
        "GET",
        "/orders",
        1,
    ),
    Endpoint("paginate", lambda c, o: list(c.paginate("/orders", per_page=4)), "GET", "/orders", 1),
    Endpoint("get_order", lambda c, o: c.get_order(o.id), "GET", "/orders/{id}"),
    Endpoint("get_orders", lambda c, o: list(c.get_orders([o.id])), "GET", "/orders/{id}"),
    Endpoint("lookup_order", _lookup, "GET", "/orders/lookup"),
    Endpoint("find_order", lambda c, o: c.find_order(o.name), "GET", "/orders"),
    Endpoint(
        "get_viable_statuses",
        lambda c, o: c.get_viable_statuses(o.id),
        "GET",
        "/orders/{id}/viable-statuses",
    ),
    Endpoint("get_statuses", lambda c, o: c.get_statuses(), "GET", "/statuses"),
    Endpoint("summarize_orders", lambda c, o: c.summarize_orders(), "GET", "/statuses", 20),
]

_STATUS, _COMMENT, _DUE_DATE = (
    "/orders/{id}/status",
    "/orders/{id}/comment",
    "/orders/{id}/due-date",
)

WRITES = [
    Endpoint(
        "update_order_status",
        lambda c, o: c.update_order_status(o.id, "st000003"),
        "POST",
        _STATUS,
    ),
    Endpoint(
        "update_order_status(check=True)",
        lambda c, o: c.update_order_status(o.id, "st000003", check=True),
        "POST",
        _STATUS,
        1,
    ),
    Endpoint(
        "add_order_comment", lambda c, o: c.add_order_comment(o.id, "Hello"), "POST", _COMMENT
    ),
    Endpoint(
        "set_order_due_date",
        lambda c, o: c.set_order_due_date(o.id, "2031-02-03"),
        "POST",
        _DUE_DATE,
    ),
    Endpoint(
        "bulk_update_order_status",
        lambda c, o: c.bulk_update_order_status([o.id], "st000003"),
        "POST",
        "/orders/bulk-status",
    ),
    Endpoint(
        "iter_bulk_update_order_status",
        lambda c, o: list(c.iter_bulk_update_order_status([o.id], "st000003")),
        "POST",
        "/orders/bulk-status",
    ),
]

CONFIRMED = [
    Endpoint(
        "update_order_status(confirm=True)",
        lambda c, o: c.update_order_status(o.id, "st000003", confirm=True),
        "POST",
        _STATUS,
        1,
    ),
    Endpoint(
        "add_order_comment(confirm=True)",
        lambda c, o: c.add_order_comment(o.id, "Hello", confirm=True),
        "POST",
        _COMMENT,
        1,
    ),
    Endpoint(
        "set_order_due_date(confirm=True)",
        lambda c, o: c.set_order_due_date(o.id, "2031-02-03", confirm=True),
        "POST",
        _DUE_DATE,
        1,
    ),
]


class Group(NamedTuple):
    """Endpoints to which the same happens.

    Attributes:
        title: of the table.
        endpoints: the functions.
        fate: of a request of theirs that meets the fault.
        is_write: whether it changes anything.
    """

    title: str
    endpoints: list[Endpoint]
    fate: Callable[[Fault], Fate]
    is_write: bool


READS_GROUP = Group("Reads", READS, lambda fault: fault.read, False)
WRITES_GROUP = Group("Writes", WRITES, lambda fault: fault.write, True)
CONFIRMED_GROUP = Group(
    "Writes with ``confirm=True``", CONFIRMED, lambda fault: fault.confirmed, True
)
GROUPS = [READS_GROUP, WRITES_GROUP, CONFIRMED_GROUP]


# The cells ----------------------------------------------------------------------------------------


def expected(group: Group, fault: Fault, times: int) -> Cell:
    """What is to be seen of a call of the group whose request meets the fault so many times."""
    fate = group.fate(fault)
    writes = int(group.is_write)
    if not fault.reachable:  # then a request that meets the fault does not arrive
        return Cell(None, False, 1, writes) if times == 1 else Cell(fault.error, False, 0, 0)
    if fate in (PASSES, FOUND):
        return Cell(None, False, 1, writes)
    if fate is AGAIN and times <= MAX_RETRIES:
        return Cell(None, False, 1 + times, writes)
    sends = 1 + MAX_RETRIES if fate is AGAIN else 1
    applied = writes if fault.applied else 0
    # A confirmed write is only sent again where the order, read back, shows nothing of it.
    is_known = group is CONFIRMED_GROUP and fate is AGAIN
    uncertain = group.is_write and fault.uncertain and not is_known
    return Cell(fault.error, uncertain, sends, applied)


def expected_in_time(group: Group, fault: Fault) -> Cell:
    """What is to be seen where every request meets the fault, and the call has a deadline."""
    cell = expected(group, fault, EVERY_TIME)
    if fault.is_outlasted:
        return cell._replace(sends=1)
    if fault.times_out:  # no time is left for another attempt, or to read the order back
        return Cell(fault.error, group.is_write, 1, int(group.is_write and fault.applied))
    return cell


# The tables ---------------------------------------------------------------------------------------


def tables() -> str:
    """The matrix in reStructuredText: a table for each group."""
    return "\n".join(line for group in GROUPS for line in _table(group)) + "\n"


def _table(group: Group) -> Iterator[str]:
    yield from (group.title, "-" * len(group.title), "")
    yield ", ".join(f"``{endpoint.name}``" for endpoint in group.endpoints) + ":"
    columns = ["", "once", "every time", f"every time, with ``deadline={DEADLINE}``"]
    yield from ("", ".. list-table::", "    :class: stacked", "    :header-rows: 1")
    yield from ("    :widths: 31 23 23 23", "")
    yield from _row(columns)
    for fault in FAULTS:
        cells = [expected(group, fault, 1), expected(group, fault, EVERY_TIME)]
        cells.append(expected_in_time(group, fault))
        yield from _row([fault.says, *(_words(group, cell) for cell in cells)])
    yield ""


def _row(cells: list[str]) -> Iterator[str]:
    for index, cell in enumerate(cells):
        yield f"    {' ' if index else '*'} - {cell}".rstrip()


def _words(group: Group, cell: Cell) -> str:
    if cell.error is None:
        outcome = "succeeds"
    else:
        outcome = f"``{cell.error.__name__}``"
        outcome += " (``maybe_applied``)" if cell.maybe_applied else ""
    said = [outcome, f"sent {_count(cell.sends)}"]
    if group.is_write:
        said.append(f"applied {_count(cell.applied)}" if cell.applied else "not applied")
    return ", ".join(said)


def _count(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


if __name__ == "__main__":
    print(tables(), end="")
