"""Every endpoint function meets every fault of the sandbox, once and every time, by every way."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from statuspro import (
    APIConnectionError,
    APIError,
    BulkUpdateError,
    NotFoundError,
    RateLimitError,
    StatusProClient,
    StatusProError,
)
from statuspro.api import bulk, orders, statuses, summary, updates
from statuspro.sandbox import Sandbox
from statuspro.sandbox.faults import Faults
from statuspro.sandbox.orders import Order
from tests.support import fault_matrix
from tests.support.certificates import TLS
from tests.support.fault_matrix import (
    CONFIRMED_GROUP,
    EVERY_TIME,
    FAULTS,
    GROUPS,
    MAX_RESPONSE_BYTES,
    MAX_RETRIES,
    Cell,
    Endpoint,
    Fault,
    Group,
    expected,
    expected_in_time,
)
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.waits import shorten_pauses
from tests.support.ways import WAYS, Way

TABLES = ROOT / "docs" / "fault-tables.txt"

CELLS = [
    pytest.param(group, endpoint, fault, times, id=f"{endpoint.name}-{fault.name}-{word}")
    for group in GROUPS
    for endpoint in group.endpoints
    for fault in FAULTS
    for times, word in ((1, "once"), (EVERY_TIME, "every-time"))
]


#: What the deadline does not end is the same for all functions of a group: these stand for them.
SAMPLE = {
    "get_order",
    "update_order_status(check=True)",
    "iter_bulk_update_order_status",
    "update_order_status(confirm=True)",
}

CELLS_IN_TIME = [
    pytest.param(group, endpoint, fault, id=f"{endpoint.name}-{fault.name}-in-time")
    for group in GROUPS
    for endpoint in group.endpoints
    for fault in FAULTS
    if fault.times_out or fault.is_outlasted or endpoint.name in SAMPLE
]


@pytest.fixture(scope="module")
def open_ways(tls: TLS) -> Iterator[list[Way]]:
    with closing_all([way(tls) for way in WAYS]) as ways:
        for way in ways:
            way.open()
        yield ways


@contextlib.contextmanager
def closing_all(ways: list[Way]) -> Iterator[list[Way]]:
    with contextlib.ExitStack() as stack:
        for way in ways:
            stack.enter_context(contextlib.closing(way))
        yield ways


@pytest.fixture
def ways(open_ways: list[Way], tls: TLS, fault: Fault) -> Iterator[list[Way]]:
    if not fault.reachable:
        with closing_all([way(tls) for way in WAYS]) as ways:
            yield ways
        return
    yield open_ways


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(len(WAYS)) as pool:
        yield pool


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch, 0.001)


class Opener:
    """A logger that opens the way when the client waits."""

    def __init__(self, way: Way) -> None:
        self.way = way

    def info(self, msg: str, *args: Any) -> None:
        self.way.open()

    def debug(self, msg: str, *args: Any) -> None:
        pass

    warning = error = debug


@pytest.mark.parametrize(("group", "endpoint", "fault", "times"), CELLS)
def test_a_cell(
    group: Group,
    endpoint: Endpoint,
    fault: Fault,
    times: int,
    ways: list[Way],
    pool: ThreadPoolExecutor,
) -> None:
    """By every way at once: the same comes of the fault on each of them."""
    cell = expected_of(endpoint, expected(group, fault, times))
    tries = [pool.submit(what_comes_of, group, endpoint, fault, times, way) for way in ways]
    wait(tries)  # also where one of them fails: the next cell is to have the ways for itself
    assert {way.name: tried.result() for way, tried in zip(ways, tries, strict=True)} == {
        way.name: cell for way in ways
    }


@pytest.mark.parametrize(("group", "endpoint", "fault"), CELLS_IN_TIME)
def test_a_cell_with_a_deadline(
    group: Group,
    endpoint: Endpoint,
    fault: Fault,
    ways: list[Way],
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("statuspro._http.retry._FIRST_PAUSE_AFTER_429", 20.0)
    cell = expected_of(endpoint, expected_in_time(group, fault))
    deadlines = (0.2, 0.8, 3.2) if fault.times_out else (10.0,)
    tries = [pool.submit(what_comes_in_time, endpoint, fault, cell, way, deadlines) for way in ways]
    wait(tries)
    assert {way.name: tried.result()[0] for way, tried in zip(ways, tries, strict=True)} == {
        way.name: cell for way in ways
    }


def what_comes_in_time(
    endpoint: Endpoint, fault: Fault, cell: Cell, way: Way, deadlines: tuple[float, ...]
) -> tuple[Cell | None, float]:
    """What is to be seen of a call with the first deadline that is not too short, and its seconds.

    On a busy machine that may be another one than the first.
    """
    tried, took, deadline = None, 0.0, 0.0
    for deadline in deadlines:
        forget(way)
        with client_for(fault, EVERY_TIME, way, 20.0) as client:
            timed = client.with_options(deadline=deadline)
            tried, took = one_call(endpoint, fault, EVERY_TIME, cell, way, timed)
        if tried == cell and took < deadline + 0.2:
            return tried, took
    return (tried if took < deadline + 0.2 else None), took


def forget(way: Way) -> None:
    way.sandbox.clear_faults()
    way.sandbox.requests.clear()
    way.sandbox.applied.clear()


def what_comes_of(
    group: Group, endpoint: Endpoint, fault: Fault, times: int, way: Way
) -> Cell | None:
    """What is to be seen of one call that meets the fault.

    Where the client is to wait in vain once, a busy machine may keep it waiting for more: then the
    call is made anew with more patience.
    """
    cell = expected_of(endpoint, expected(group, fault, times))
    tried = None
    for patience in patience_for(fault, times):
        forget(way)
        with client_for(fault, times, way, patience) as client:
            tried, _ = one_call(endpoint, fault, times, cell, way, client)
        if tried == cell and tried.error is None and group is not CONFIRMED_GROUP:
            assert len(way.sandbox.requests) == cell.sends + endpoint.others
        if tried == cell:
            break
    return tried


def patience_for(fault: Fault, times: int) -> tuple[float, ...]:
    """Seconds that the client waits for a response; where there are several, one after another."""
    if not fault.times_out:
        return (20.0,)
    return (0.15,) if times == EVERY_TIME else (0.15, 0.6, 2.4)


def one_call(
    endpoint: Endpoint, fault: Fault, times: int, cell: Cell, way: Way, client: StatusProClient
) -> tuple[Cell, float]:
    """What is to be seen of one call that meets the fault so many times, and its seconds."""
    sandbox = way.sandbox
    order = sandbox.order(sandbox.add_order(status_code="st000002"))
    path = endpoint.path.format(id=order.id)
    fault.inject(sandbox, times, method=endpoint.method, path=path)
    began = time.monotonic()
    error = error_of(endpoint, client, order)
    took = time.monotonic() - began
    sandbox.flush()
    # On a busy machine the client's time can be up before the service has looked at a request.
    eventually(lambda: sends_of(sandbox, endpoint.method, path) >= cell.sends, seconds=10)
    eventually(lambda: len(sandbox.applied) >= cell.applied, seconds=10)
    tried = seen(sandbox, endpoint.method, path, error)
    sandbox.remove_order(order.id)
    return tried, took


def client_for(fault: Fault, times: int, way: Way, patience: float) -> StatusProClient:
    """A new client; or, for every other cell, one whose connections are kept from cell to cell."""
    if times == EVERY_TIME and fault.keeps_connection:
        return way.kept.with_options(max_retries=MAX_RETRIES, max_response_bytes=MAX_RESPONSE_BYTES)
    return way.client(
        timeout=(20.0, patience),
        max_retries=MAX_RETRIES,
        max_response_bytes=MAX_RESPONSE_BYTES,
        logger=Opener(way) if not fault.reachable and times == 1 else None,
    )


def error_of(endpoint: Endpoint, client: StatusProClient, order: Order) -> StatusProError | None:
    try:
        endpoint.call(client, order)
    except BulkUpdateError as stopped:
        cause = stopped.__cause__
        assert isinstance(cause, (APIError, APIConnectionError))
        ids = {
            "uncertain": stopped.uncertain,
            "refused": stopped.refused,
            "not sent": stopped.not_sent,
        }
        assert [what for what, held in ids.items() if held] == [what_became_of_the_batch(cause)]
        return cause
    except StatusProError as error:
        return error
    return None


def what_became_of_the_batch(error: APIError | APIConnectionError) -> str:
    if error.maybe_applied:
        return "uncertain"
    if isinstance(error, (RateLimitError, APIConnectionError)):
        return "not sent"
    return "refused"


def seen(sandbox: Sandbox, method: str, path: str, error: StatusProError | None) -> Cell:
    return Cell(
        None if error is None else type(error),
        isinstance(error, (APIError, APIConnectionError)) and error.maybe_applied,
        sends_of(sandbox, method, path),
        len(sandbox.applied),
    )


def sends_of(sandbox: Sandbox, method: str, path: str) -> int:
    """How often the first request of this kind arrived, and those that repeat it."""
    kind = [
        (request.query, request.body)
        for request in sandbox.requests
        if request.method == method and request.path.endswith(path)
    ]
    return kind.count(kind[0]) if kind else 0


def expected_of(endpoint: Endpoint, cell: Cell) -> Cell:
    """What is to be seen of one function, which may report an error in a form of its own."""
    if endpoint.name == "get_orders" and cell.error is NotFoundError:
        return cell._replace(error=None)  # it gives None in the order's place
    return cell


def test_no_fault_of_the_sandbox_is_left_out() -> None:
    kinds = {name for name in vars(Faults) if not name.startswith("_")}
    source = inspect.getsource(fault_matrix)
    used = {kind for kind in kinds if f"sandbox.{kind}(" in source}
    assert used == kinds - {"inject", "clear_faults", "pending_faults", "take"}


def test_no_endpoint_function_is_left_out() -> None:
    functions = {
        name
        for module in (orders, updates, statuses, bulk, summary)
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value is getattr(StatusProClient, name, None)
    }
    tried = {endpoint.name.partition("(")[0] for group in GROUPS for endpoint in group.endpoints}
    assert tried == functions | {"paginate"}


def test_the_documentation_shows_the_matrix() -> None:
    # If not: python -m tests.support.fault_matrix > docs/fault-tables.txt
    assert TABLES.read_text(encoding="utf-8") == fault_matrix.tables()
