"""Waits that are noted instead of waited, or shortened."""

from __future__ import annotations

import time

import pytest


class Naps:
    """Stands in for the module `time` in `_http.call`: notes the waits, and does not wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    perf_counter = staticmethod(time.perf_counter)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def note_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of calls from now on, none of which takes any time."""
    naps = Naps()
    monkeypatch.setattr("statuspro._http.call.time", naps)
    return naps.waits


def shorten_pauses(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Real pauses before a request is sent again, the first of them this short."""
    monkeypatch.setattr("statuspro._http.retry._FIRST_PAUSE", seconds)
    monkeypatch.setattr("statuspro._http.retry._FIRST_PAUSE_AFTER_429", seconds)
