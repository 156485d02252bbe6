"""What every test has: no settings of the machine that runs it; and what several modules share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from statuspro.sandbox import Sandbox
from tests.support.waits import note_waits

# A shell has what it starts in the background ignore Ctrl-C. The processes that tests start would
# inherit that, and those that are to be interrupted would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Some machines forbid Python to keep what it has compiled. Each of the hundreds of processes that
# tests start would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes, the machine's load decides.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

_OF_THE_ENVIRONMENT = (
    *("STATUSPRO_API_KEY", "STATUSPRO_BASE_URL"),
    *("STATUSPRO_RATE_LIMIT", "STATUSPRO_RATE_LIMIT_STORAGE"),
)
_OF_REQUESTS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "CURL_CA_BUNDLE")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Says how many tests run at once with `-n auto`: three for each two cores.

    Half of the time a test waits, for a window of the budget, a time limit or another process.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # it is for xdist to read
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.fixture(autouse=True)
def settings_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*_OF_THE_ENVIRONMENT, *_OF_REQUESTS, "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NETRC", os.devnull)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory and a home of the test's own; the search for `.env` ends above them."""
    folder, home = tmp_path / "project" / "deep" / "down", tmp_path / "home"
    for made in (folder, home):
        made.mkdir(parents=True)
    (tmp_path / ".env").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.delenv("NETRC")
    return folder


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of the test's calls, none of which takes any time."""
    return note_waits(monkeypatch)


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=20) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """A sandbox that runs for all of a module, and of which each test finds nothing noted."""
    shared_sandbox.clear_faults()
    shared_sandbox.requests.clear()
    shared_sandbox.applied.clear()
    shared_sandbox.mails.clear()
    return shared_sandbox
