"""A lock on a file: one holder at a time, and gone with the process that held it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from statuspro._filelock import FileLock
from tests.support.forks import runs_in_fork
from tests.support.paths import ROOT

_HOLDER = """
import sys, time
from statuspro._filelock import FileLock
lock = FileLock(sys.argv[1])
print(lock.acquire(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def test_it_is_held_once_at_a_time(path: str) -> None:
    first, second = FileLock(path), FileLock(path)
    assert first.acquire()
    assert not first.acquire()
    assert not second.acquire()
    second.release()  # which holds nothing
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_its_file_is_the_owner_s_alone_and_stays(path: str) -> None:
    lock = FileLock(path)
    lock.acquire()
    lock.release()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_another_thread_of_the_process_is_another_holder(path: str) -> None:
    lock, taken = FileLock(path), []
    assert lock.acquire()
    thread = threading.Thread(target=lambda: taken.append(FileLock(path).acquire()))
    thread.start()
    thread.join()
    assert taken == [False]
    lock.release()


def test_a_process_that_is_killed_holds_it_no_longer(path: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "True\n"
        assert not FileLock(path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    lock = FileLock(path)
    assert lock.acquire()
    lock.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_neither_holds_it_nor_gives_it_back(path: str) -> None:
    lock = FileLock(path)
    assert lock.acquire()

    def child() -> None:
        lock.release()
        assert not lock.acquire()

    assert runs_in_fork(child)
    assert not FileLock(path).acquire()
    pid = os.fork()
    if pid == 0:
        signal.pause()
    try:
        lock.release()
        assert lock.acquire()
        lock.release()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(str(tmp_path / "missing" / "lock")).acquire()
