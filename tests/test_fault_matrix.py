"""Every endpoint function meets every fault of the sandbox, once and every time."""

from __future__ import annotations

import inspect
import socket
import time
from collections.abc import Iterator
from pathlib import Path
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
from statuspro.api import bulk, orders, statuses, summary
from statuspro.sandbox import Sandbox
from statuspro.sandbox.faults import Faults
from statuspro.sandbox.orders import Order
from tests import fault_matrix
from tests.fault_matrix import (
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
)

TABLES = Path(__file__).parent.parent / "docs" / "fault-tables.txt"

CELLS = [
    pytest.param(group, endpoint, fault, times, id=f"{endpoint.name}-{fault.name}-{word}")
    for group in GROUPS
    for endpoint in group.endpoints
    for fault in FAULTS
    for times, word in ((1, "once"), (EVERY_TIME, "every-time"))
]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(orders=5) as sandbox:
        yield sandbox


class SleepingSandbox(Sandbox):
    """A sandbox that is not running yet, on a port that stays its own until then."""

    def __init__(self) -> None:
        self.reserved = socket.socket()
        self.reserved.bind(("127.0.0.1", 0))
        super().__init__(orders=5, port=self.reserved.getsockname()[1])

    def start(self) -> None:
        self.reserved.close()
        super().start()


@pytest.fixture
def down() -> Iterator[Sandbox]:
    sandbox = SleepingSandbox()
    yield sandbox
    sandbox.stop()
    sandbox.reserved.close()


@pytest.fixture
def sandbox(running: Sandbox, down: Sandbox, fault: Fault) -> Iterator[Sandbox]:
    sandbox = running if fault.reachable else down
    sandbox.requests.clear()
    sandbox.applied.clear()
    yield sandbox
    sandbox.clear_faults()


@pytest.fixture
def order(sandbox: Sandbox) -> Iterator[Order]:
    order_id = sandbox.add_order(status_code="st000002")
    yield sandbox.order(order_id)
    sandbox.remove_order(order_id)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("statuspro.retry._FIRST_PAUSE", 0.001)
    monkeypatch.setattr("statuspro.retry._FIRST_PAUSE_AFTER_429", 0.001)


class Starter:
    """A logger that starts the sandbox when the client waits for it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def info(self, msg: str, *args: Any) -> None:
        self.sandbox.start()

    def debug(self, msg: str, *args: Any) -> None:
        pass

    warning = error = debug


@pytest.mark.parametrize(("group", "endpoint", "fault", "times"), CELLS)
def test_a_cell(
    group: Group, endpoint: Endpoint, fault: Fault, times: int, sandbox: Sandbox, order: Order
) -> None:
    path = endpoint.path.format(id=order.id)
    fault.inject(sandbox, times, method=endpoint.method, path=path)
    with sandbox.client(
        timeout=timeout_of(fault, times),
        max_retries=MAX_RETRIES,
        max_response_bytes=MAX_RESPONSE_BYTES,
        logger=Starter(sandbox) if not fault.reachable and times == 1 else None,
    ) as client:
        error = error_of(endpoint, client, order)
    sandbox.flush()
    cell = expected_of(endpoint, group, fault, times)
    # On a busy machine the client's time can be up before the service has looked at a request.
    deadline = time.monotonic() + 10
    while seen(sandbox, endpoint.method, path, error) != cell and time.monotonic() < deadline:
        time.sleep(0.02)
    assert seen(sandbox, endpoint.method, path, error) == cell
    if error is None and group is not CONFIRMED_GROUP:
        sends = sends_of(sandbox, endpoint.method, path)
        assert len(sandbox.requests) == sends + endpoint.others


def timeout_of(fault: Fault, times: int) -> float:
    if not fault.times_out:
        return 20.0
    # Once: long enough for the second request to be answered on a busy machine.
    return 0.4 if times == 1 else 0.12


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


def expected_of(endpoint: Endpoint, group: Group, fault: Fault, times: int) -> Cell:
    cell = expected(group, fault, times)
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
        for module in (orders, statuses, bulk, summary)
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value is getattr(StatusProClient, name, None)
    }
    tried = {endpoint.name.partition("(")[0] for group in GROUPS for endpoint in group.endpoints}
    assert tried == functions | {"paginate"}


def test_the_documentation_shows_the_matrix() -> None:
    # If not: python -m tests.fault_matrix > docs/fault-tables.txt
    assert TABLES.read_text(encoding="utf-8") == fault_matrix.tables()
