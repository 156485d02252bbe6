"""A pipe as standard output: whether what was written has been read."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from statuspro.cli.pipe import wait_for_reader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system may not tell")


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The two ends of a pipe that stands for standard output, with a line in it."""
    reader, written = os.pipe()
    monkeypatch.setattr("statuspro.cli.pipe._pipe", lambda: written)
    os.write(written, b"one\n")
    return reader, written


def test_it_waits_until_all_has_been_read(ends: tuple[int, int]) -> None:
    reader, written = ends
    ended: list[float] = []

    def wait() -> None:
        wait_for_reader()
        ended.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    os.read(reader, 2)
    time.sleep(0.05)
    assert not ended
    read_at = time.monotonic()
    os.read(reader, 100)
    thread.join(timeout=10)
    assert ended
    assert ended[0] >= read_at
    os.close(reader)
    os.close(written)


def test_a_reader_that_leaves_and_has_not_read_all(ends: tuple[int, int]) -> None:
    reader, written = ends
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        wait_for_reader()
    os.close(written)


def test_a_reader_that_leaves_after_it_has_read_all(ends: tuple[int, int]) -> None:
    reader, written = ends
    os.read(reader, 100)
    os.close(reader)
    wait_for_reader()
    os.close(written)
