"""Makes the tests fit to judge mutants; loaded by `-p` (pyproject.toml)."""

from __future__ import annotations

import sys

import pytest


def pytest_configure() -> None:
    # Between a mutant and its caller stand frames of mutmut's. They pass for ours, so that warnings
    # name the caller as they should.
    if trampoline := sys.modules.get("mutmut.mutation.trampoline"):
        trampoline.__name__ = "statuspro.trampoline"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # pytest cannot find a test again by an id with a backslash: mutmut, which asks for tests by
    # their ids, would take that for a failure and every such mutant for killed.
    left_out = [item for item in items if "\\" in item.nodeid]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
