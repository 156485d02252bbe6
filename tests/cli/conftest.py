"""What the tests of commands share: a shop to ask, and a state folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statuspro.cli.waiting import line
from statuspro.sandbox import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """The sandbox that every command of the test asks, with a budget of the test's own."""
    monkeypatch.setenv("STATUSPRO_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("STATUSPRO_API_KEY", sandbox.api_key)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return sandbox


@pytest.fixture(autouse=True)
def line_of_nobody() -> Iterator[None]:
    """Each test begins and ends without a line on the terminal."""
    line.hide()
    yield
    line.hide()
