"""Pytest fixtures for your own tests: a sandbox for each test, and a client of that sandbox.

Add `pytest_plugins = ["statuspro.testing"]` to a `conftest.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from statuspro.client import StatusProClient
from statuspro.sandbox import Sandbox

__all__ = ["statuspro_client", "statuspro_sandbox"]


@pytest.fixture
def statuspro_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Starts a sandbox for the test.

    Until the test ends, `STATUSPRO_BASE_URL` and `STATUSPRO_API_KEY` are those of the sandbox. So
    each client that is made without arguments talks to the sandbox.
    """
    with Sandbox() as sandbox:
        monkeypatch.setenv("STATUSPRO_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("STATUSPRO_API_KEY", sandbox.api_key)
        yield sandbox


@pytest.fixture
def statuspro_client(statuspro_sandbox: Sandbox) -> Iterator[StatusProClient]:
    """Makes a client of `statuspro_sandbox`, and closes it when the test ends."""
    with statuspro_sandbox.client() as client:
        yield client
