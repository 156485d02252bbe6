"""What each kind of logger is given, and at which line a warning is."""

from __future__ import annotations

import linecache
import logging
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import requests

from statuspro import Client, StatusProClient, TruncatedListWarning
from statuspro._logging import log, warn, warn_each_time
from statuspro.pacing.budget import SharedBudget
from statuspro.pacing.ledger import Slot
from statuspro.pacing.limit import RateLimit
from statuspro.pacing.sqlite import SQLiteStorage
from statuspro.sandbox import Sandbox


class BraceLogger:
    """A logger of another style, as loguru is: fills in braces, and only where it has arguments."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, msg: str, /, *args: Any, **kwargs: Any) -> None:
        self.lines.append(msg.format(*args, **kwargs) if args or kwargs else msg)

    info = warning = error = debug


def line_of(warned: warnings.WarningMessage) -> str:
    return linecache.getline(warned.filename, warned.lineno).strip()


# Log records


def test_a_logger_of_another_style_gets_the_whole_text() -> None:
    logger = BraceLogger()
    log(logger, "info", "Waiting %.1f s before %s", 1.25, "GET /orders/{id} 100%")
    assert logger.lines == ["Waiting 1.2 s before GET /orders/{id} 100%"]


def test_a_logger_of_logging_gets_the_template(caplog: pytest.LogCaptureFixture) -> None:
    log(logging.getLogger("statuspro"), "warning", "%s of %d", "one", 2)
    record = caplog.records[0]
    assert (record.msg, record.args) == ("%s of %d", ("one", 2))
    assert record.levelno == logging.WARNING
    assert record.funcName == "test_a_logger_of_logging_gets_the_template"


def test_an_adapter_of_logging_gets_the_whole_text(caplog: pytest.LogCaptureFixture) -> None:
    adapter = logging.LoggerAdapter(logging.getLogger("statuspro"), {"shop": 7})
    log(adapter, "warning", "%s of %d", "one", 2)
    assert caplog.messages == ["one of 2"]


def test_each_record_of_a_call_is_whole() -> None:
    logger = BraceLogger()
    with Sandbox(orders=3) as sandbox:
        sandbox.fail(503)
        with sandbox.client(logger=logger) as client:
            client.get("/orders", params={"page": 1})
    assert [line.partition(" in ")[0] for line in logger.lines[::2]] == [
        "GET /api/v1/orders?page=1: 503",
        "GET /api/v1/orders?page=1: 200",
    ]
    assert logger.lines[1].startswith("Waiting 0.")
    assert not [line for line in logger.lines if "%" in line]


def test_what_a_storage_reports_is_whole(tmp_path: Path) -> None:
    logger = BraceLogger()
    storage = SQLiteStorage(str(tmp_path))
    budget = SharedBudget(storage, "digest", RateLimit(), logger, falls_back=False)
    budget.refuse(Slot(), 1.0)  # a folder is no file of SQLite's
    assert len(logger.lines) == 1
    assert str(tmp_path) in logger.lines[0]
    assert "%" not in logger.lines[0]


# Warnings


def test_a_warning_is_at_the_callers_line() -> None:
    with pytest.warns(UserWarning, match="first") as caught:
        warn("first")
    assert caught[0].filename == __file__
    assert line_of(caught[0]) == 'warn("first")'


def test_an_equal_warning_is_shown_once_a_line_or_each_time() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            warn("the same")
            warn_each_time("the same of a list", TruncatedListWarning)
    shown = [(one.category, str(one.message)) for one in caught]
    assert shown.count((UserWarning, "the same")) == 1
    assert shown.count((TruncatedListWarning, "the same of a list")) == 3
    assert {one.filename for one in caught} == {__file__}


def test_a_warning_can_be_turned_into_an_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", TruncatedListWarning)
        with pytest.raises(TruncatedListWarning, match="cut off"):
            warn_each_time("cut off", TruncatedListWarning)


def test_a_warning_in_a_thread_without_a_caller_comes_out_too() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread = threading.Thread(target=warn, args=("alone",))
        thread.start()
        thread.join()
    assert [str(one.message) for one in caught] == ["alone"]


def test_verify_false_warns_at_the_callers_line_whatever_sends() -> None:
    with Sandbox(orders=3) as sandbox, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sandbox.client(verify=False).get("/orders")
        sandbox.client(verify=False).post("/orders/1/comment", json={"comment": "x"})
        sandbox.client(verify=False).get_statuses()
        next(sandbox.client(verify=False).iter_orders())
        client = Client(sandbox.base_url, verify=False)
        request = client.prepare_request(requests.Request("GET", f"{sandbox.base_url}/orders"))
        client.send(request)
    assert {one.filename for one in caught} == {__file__}
    assert [line_of(one) for one in caught] == [
        'sandbox.client(verify=False).get("/orders")',
        'sandbox.client(verify=False).post("/orders/1/comment", json={"comment": "x"})',
        "sandbox.client(verify=False).get_statuses()",
        "next(sandbox.client(verify=False).iter_orders())",
        "client.send(request)",
    ]


def test_a_readable_netrc_warns_at_the_callers_line(away: Path) -> None:
    path = Path.home() / ".netrc"
    path.write_text("machine shop.test login key password key-1\n")
    path.chmod(0o644)
    with pytest.warns(UserWarning, match="chmod 600") as caught:
        StatusProClient(base_url="https://shop.test")
    assert line_of(caught[0]) == 'StatusProClient(base_url="https://shop.test")'


def test_a_clamped_per_page_warns_at_the_callers_line() -> None:
    with (
        Sandbox(orders=3) as sandbox,
        sandbox.client() as client,
        pytest.warns(UserWarning, match="per_page=500") as caught,
    ):
        client.list_orders(per_page=500)
    assert line_of(caught[0]) == "client.list_orders(per_page=500)"
