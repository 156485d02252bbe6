"""The bar: what it counts, that it says why it waits, and where it is a line a minute."""

from __future__ import annotations

import builtins
import logging
import re
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from statuspro import Client, RateLimit, StatusProClient
from statuspro.contrib.notebook import _progress, history_frame, orders_frame, sync
from statuspro.contrib.notebook._progress import Progress
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from tests.support.promptness import within
from tests.support.terminal import plain, shell, to_the_end

REASON = "rate limit: 60 requests a minute are used"


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is like a terminal, and a bar shows at once."""
    monkeypatch.setattr(_progress, "is_live", lambda _: True)
    monkeypatch.setattr(_progress, "_SHORTEST_SHOWN", 0.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time that lines of a file go by; it stands still but for what a test says."""
    clock = SimpleNamespace(now=1000.0, time=time.time)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(_progress, "time", clock)
    return clock


def lines(text: str) -> list[str]:
    """What a bar has shown, one after the other."""
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


# In a terminal

PACED = """
from statuspro.contrib.notebook import orders_frame, read_so_far
from statuspro.sandbox import Sandbox

with Sandbox(orders=900, rate_limit=5, period=3.0) as shop, shop.client() as client:
    try:
        print(f"all {len(orders_frame(client))}")
    except KeyboardInterrupt:
        print(f"stopped at {len(read_so_far())}")
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    """A terminal in which orders are read, with a wait of 3 s in the middle."""
    script = tmp_path / "read.py"
    script.write_text(PACED)
    return shell(f"{sys.executable} {script}", columns=100)


def test_a_terminal_counts_and_says_each_second_why_it_waits(terminal: Any) -> None:
    text, status = to_the_end(terminal)
    shown = lines(plain(text))
    assert status == 0
    waits = [line for line in shown if "waiting" in line]
    for seconds in (3, 2, 1):
        wait = f"400/900, waiting {seconds} s: rate limit: 5 requests in 3 s are used"
        assert [line for line in waits if line.endswith(wait)], shown
    assert re.fullmatch(r"Orders: 100%\|█+\| 900/900 \[00:0\d<00:00, .+ orders/s\]", shown[-2])
    assert shown[-1] == "all 900"
    assert "Waiting" not in text  # the log record, which Python writes where there is no handler


def test_ctrl_c_ends_a_wait_at_once_and_leaves_what_was_read(terminal: Any) -> None:
    terminal.expect("waiting 2 s")
    with within(1.5):
        terminal.sendintr()
        terminal.expect("stopped at 400")
    to_the_end(terminal)


# What a bar shows


@pytest.mark.usefixtures("live")
def test_a_bar_shows_count_total_and_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Orders", shown=True) as shown:
        shown.at(100, 400)
        shown.at(300, 400)
    last = lines(capsys.readouterr().err)[-1]
    assert re.fullmatch(r"Orders: 100%\|█+\| 300/300 \[00:00<00:00, .*orders/s\]", last)


@pytest.mark.usefixtures("live")
def test_a_bar_that_is_interrupted_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(KeyboardInterrupt), Progress("Orders", shown=True) as shown:
        shown.at(100, 400)
        shown.wait(60, REASON)
        raise KeyboardInterrupt
    last = lines(capsys.readouterr().err)[-1]
    assert "25%" in last
    assert "100/400 [" in last
    assert "waiting" not in last


@pytest.mark.usefixtures("live")
def test_a_bar_learns_its_total_and_that_there_is_more(capsys: pytest.CaptureFixture[str]) -> None:
    def last() -> str:
        return re.sub(r".*\| ?|, wait.*|orders.*", "", lines(capsys.readouterr().err)[-1])

    with Progress("Orders", shown=True) as shown:
        shown.wait(2, REASON)
        assert last() == "0/?"
        shown.at(100, 400)
        assert last().startswith("100/400 [")
        shown.at(500, 400)
        shown.wait(2, REASON)
        assert last() == "500/500"
        shown.at(510, 600)
        shown.wait(2, REASON)
        assert last() == "510/600"
    assert last().startswith("510/510 [")


@pytest.mark.usefixtures("live")
def test_a_bar_says_what_else_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("In step", shown=True) as shown:
        shown.at(1, 2, "7 requests")
        shown.at(2, 2, "8 requests")
    assert lines(capsys.readouterr().err)[-1].endswith(", 8 requests]")


@pytest.mark.usefixtures("live")
def test_a_reason_with_braces_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Orders", shown=True) as shown:
        shown.wait(5, "{no} format, next slot in 5 s")
    assert "waiting 5 s: {no} format" in capsys.readouterr().err


@pytest.mark.usefixtures("live")
def test_the_longest_of_several_waits_is_counted_down(capsys: pytest.CaptureFixture[str]) -> None:
    over = threading.Event()

    def wait(seconds: float) -> None:
        shown.wait(seconds, f"of {seconds}")
        over.wait(60)

    with Progress("Orders", shown=True) as shown:
        threads = [threading.Thread(target=wait, args=(seconds,)) for seconds in (9, 30, 4)]
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(shown._waits) < number:
                time.sleep(0.001)
    over.set()
    for thread in threads:
        thread.join()
    told = re.findall(r"waiting (\d+) s: of (\d+)", capsys.readouterr().err)
    assert told[0] == ("9", "9")
    assert told[-1] == ("30", "30")


@pytest.mark.usefixtures("live")
def test_what_is_fast_needs_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "_SHORTEST_SHOWN", 60.0)
    with Progress("Orders", shown=True) as shown:
        shown.wait(0.9, REASON)
        shown.at(100, 100)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("live")
def test_a_countdown_ends_with_the_reading() -> None:
    before = threading.active_count()
    with Progress("Orders", shown=True) as shown:
        shown.wait(60, REASON)
        assert threading.active_count() == before + 1
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


# The client's own


@pytest.mark.usefixtures("live")
def test_the_users_on_wait_is_told_too(
    client: StatusProClient, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[Any] = []
    mine = client.with_options(on_wait=lambda *wait: told.append(wait))
    assert mine.on_wait is not None
    with Progress("Orders", shown=True) as shown:
        asking = shown.asking(mine)
        assert isinstance(asking, StatusProClient)
        assert asking.on_wait is not None
        asking.on_wait(7.0, REASON)
    assert told == [(7.0, REASON)]
    assert f"waiting 7 s: {REASON}" in capsys.readouterr().err


@pytest.mark.usefixtures("live")
def test_a_handler_of_the_user_gets_the_record_of_a_wait(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(orders=300) as shop, shop.client(rate_limit=RateLimit(2, 1, 1.2)) as client:
        with caplog.at_level(logging.INFO, "statuspro"):
            assert len(orders_frame(client)) == 300
        assert [r for r in caplog.messages if r.startswith("Waiting 1.")]


@pytest.mark.usefixtures("live")
def test_without_a_handler_only_the_record_of_a_wait_is_passed_over(
    client: StatusProClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "_has_handlers", lambda logger: False)
    logger = logging.getLogger("tests.of_the_user")
    records: list[Any] = []
    monkeypatch.setattr(logger, "handle", records.append)
    with Progress("Orders", shown=True) as shown:
        asking = shown.asking(client.with_options(logger=logger))
        assert isinstance(asking, StatusProClient)
        assert asking.on_wait is not None
        asking.on_wait(7.0, REASON)
        asking.logger.warning("Waiting %.1f s", 7.0)
        asking.logger.warning("%s failed", "It")
    assert [record.getMessage() for record in records] == ["It failed"]


@pytest.mark.usefixtures("live")
def test_any_client_can_be_asked(shop: Sandbox) -> None:
    class Bare(Client):
        """A client of another service's key, without waits of its own."""

    bare = Bare(shop.client(adapter=shop.adapter()).base_url, adapter=shop.adapter())
    bare.headers["Authorization"] = f"Bearer {shop.api_key}"
    assert len(orders_frame(bare)) == 60


def test_nothing_is_shown_and_nothing_changed_without_progress(
    client: StatusProClient, mirror: Mirror, capfd: pytest.CaptureFixture[str], live: None
) -> None:
    assert Progress("Orders", shown=False).asking(client) is client
    orders_frame(client, progress=False)
    history_frame(client, progress=False)
    sync(mirror, client, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("live")
def test_each_function_has_its_bar(
    client: StatusProClient, mirror: Mirror, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown() -> list[str]:
        text = capsys.readouterr().err.replace("\r", "\n")
        found = re.findall(r"^([A-Za-z_ ]+): 100%\|█+\| (\d+/\d+)", text, re.M)
        return [": ".join(bar) for bar in found]

    orders_frame(client, labels=["cancelled"])
    assert list(dict.fromkeys(shown())) == ["Orders: 60/60", "cancelled: 60/60"]
    history_frame(client)
    assert list(dict.fromkeys(shown())) == ["Orders: 60/60", "Histories: 60/60"]
    orders_frame(mirror)
    assert shown()[-1] == "Orders: 60/60"


@pytest.mark.usefixtures("live")
def test_a_sync_shows_its_requests_too(
    client: StatusProClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Mirror(tmp_path / "orders.sqlite3") as mirror:
        sync(mirror, client)
    last = lines(capsys.readouterr().err)[-1]
    assert last.startswith("In step: 100%")
    assert re.search(r"60/60 \[.* orders/s, 6\d requests\]$", last)


# Elsewhere


def test_a_log_file_gets_a_line_a_minute(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("Orders", shown=True) as shown:
        for minute in range(3):
            for second in range(60):
                shown.at(60 * minute + second, 1200, "7 requests")
                clock.now += 1
        shown._waits.clear()
        shown.at(1180)
    assert lines(capsys.readouterr().err) == [
        "Orders: 60 of 1,200, 1 min, 7 requests",
        "Orders: 120 of 1,200, 2 min, 7 requests",
        "Orders: 1,180, 3 min",
        "Orders: 1,180, 3 min, done",
    ]


def test_a_log_file_says_why_nothing_moves(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(KeyboardInterrupt), Progress("Orders", shown=True) as shown:
        shown.at(100, 1200)
        clock.now += 61
        shown.wait(61.0, f"{REASON}, next slot in 61 s")
        raise KeyboardInterrupt
    assert lines(capsys.readouterr().err) == [
        f"Orders: 100 of 1,200, 1 min, waiting 61 s: {REASON}",
        "Orders: 100, 1 min, stopped",
    ]


def test_a_short_reading_says_nothing_in_a_log_file(
    client: StatusProClient, capsys: pytest.CaptureFixture[str]
) -> None:
    orders_frame(client)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("config", "is_bar"), [({"IPKernelApp": {}}, True), ({}, False)])
def test_a_notebook_gets_a_bar_though_it_is_no_terminal(
    config: dict[str, Any], is_bar: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(config=config)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = _progress._display("Orders")
    assert isinstance(display, _progress._Bar) is is_bar


def test_without_tqdm_a_message_is_printed_once(
    client: StatusProClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def importing(name: str, *args: Any) -> Any:
        if name.partition(".")[0] == "tqdm":
            raise ModuleNotFoundError("No module named 'tqdm'", name="tqdm")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", importing)
    monkeypatch.setattr(_progress, "_has_said", False)
    for _ in range(2):
        assert len(orders_frame(client)) == 60
    said = 'No progress is shown without tqdm: pip install "statuspro[notebook]"\n'
    assert capsys.readouterr().err == said
