"""The one line on standard error: progress, and waits that count down."""

from __future__ import annotations

import threading
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from statuspro.cli import waiting
from statuspro.cli.waiting import Line, Progress
from tests.support.terminal import plain


class Screen:
    """A terminal that keeps what is written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        """Has nothing to do."""

    def isatty(self) -> bool:
        return True

    @property
    def last(self) -> str:
        """What the line shows, or showed last."""
        return [line.strip() for line in plain(self.written).split("\r") if line.strip()][-1]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(waiting, "sys", SimpleNamespace(stderr=made))
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: 7.0))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    return made


@pytest.mark.parametrize(("seconds", "told"), [(0.5, ""), (12.3, "Waiting 12 s: rate budget\n")])
def test_without_a_terminal_a_long_wait_is_a_line(
    seconds: float, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Line().wait(seconds, "rate budget")
    assert capsys.readouterr().err == told


def test_without_a_terminal_progress_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    line = Line()
    line.tell("10 of 20 orders")
    line.hide()
    assert capsys.readouterr().err == ""


def test_a_dumb_terminal_gets_no_movements(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    line = Line()
    with redirect_stderr(screen):
        line.tell("10 of 20 orders")
        line.wait(12, "rate budget")
    assert screen.written == "Waiting 12 s: rate budget\n"


def test_a_wait_is_shown_until_its_call_is_over(screen: Screen) -> None:
    line = Line()
    line.wait(20, "rate budget")
    assert screen.last == "Waiting 20 s: rate budget"
    line.waited()
    assert "\x1b[?25h" in screen.written.rpartition("budget")[2]  # the cursor is back
    assert "\x1b[2K" in screen.written.rpartition("budget")[2]  # and the line empty


def test_progress_stays_when_a_wait_is_over(screen: Screen) -> None:
    line = Line()
    line.tell("10 of 20 orders")
    line.wait(20, "rate budget")
    assert screen.last == "10 of 20 orders · waiting 20 s: rate budget"
    line.waited()
    assert screen.last == "10 of 20 orders"
    line.hide()


def test_the_longest_wait_of_several_threads_is_shown(screen: Screen) -> None:
    line = Line()
    other = threading.Thread(target=line.wait, args=(40, "the other's"))
    other.start()
    other.join()
    line.wait(20, "this one's")
    assert screen.last == "Waiting 40 s: the other's"
    line.waited()
    assert screen.last == "Waiting 40 s: the other's"
    line.hide()


def test_a_long_line_is_cut_at_the_window_s_edge(screen: Screen) -> None:
    line = Line()
    line.tell("x" * 100)
    line.hide()
    assert "x" * 61 not in screen.written.lower()
    assert "…" in screen.written


def test_hiding_twice_does_nothing(screen: Screen) -> None:
    line = Line()
    line.tell("10 orders")
    line.hide()
    before = screen.written
    line.hide()
    assert screen.written == before


def test_progress_is_a_line_a_minute_where_no_line_is_written_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: now))
    progress = Progress()
    for now in (10.0, 60.0, 61.0, 119.0, 121.0):
        progress.tell(f"{now:.0f} s")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "60 s\n121 s\n"


def test_progress_is_on_the_line_of_a_terminal(screen: Screen) -> None:
    with redirect_stderr(screen):
        Progress().tell("10 of 20 orders")
        assert screen.last == "10 of 20 orders"
        waiting.line.hide()
