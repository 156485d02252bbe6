"""The pytest plugin: the fixtures, and the marker that says what their sandbox is like."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

# What this module imports, every pytest run of every project with the package installed pays for.
if TYPE_CHECKING:
    from statuspro.client import StatusProClient
    from statuspro.sandbox import Sandbox

MARKER = "statuspro"


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(orders=..., statuses=..., rate_limit=..., **keywords): "
        "runs the test in a StatusPro sandbox that is made with these keywords.",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets a marked test have the sandbox, also where it does not name the fixture."""
    for item in items:
        names: list[str] | None = getattr(item, "fixturenames", None)
        if isinstance(names, list) and item.get_closest_marker(MARKER) is not None:
            _add_sandbox(names, getattr(item, "function", None))


def _add_sandbox(names: list[str], function: Any) -> None:
    """Adds the fixture behind those of all tests and before the test's own.

    Those of all tests may set the environment, and the test's own may make clients.
    """
    if "statuspro_sandbox" not in names:
        own: Iterable[str] = () if function is None else inspect.signature(function).parameters
        positions = [names.index(name) for name in own if name in names]
        names.insert(min(positions, default=len(names)), "statuspro_sandbox")


@pytest.fixture
def statuspro_sandbox(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """Starts a sandbox for the test.

    The marker `@pytest.mark.statuspro(...)` says what it is like. Until the test ends, each client
    that is made without arguments talks to the sandbox, unpaced unless the marker has a
    `rate_limit`, and no client of this package reaches any other origin.
    """
    from statuspro.sandbox import Sandbox

    from .isolation import environment_of, isolated

    with Sandbox(**_keywords(request.node)) as sandbox:
        # By way of `monkeypatch`: it would put our values back after a test that changed them.
        environment = environment_of(sandbox)
        for name in os.environ.keys() - environment.keys():
            monkeypatch.delenv(name)
        for name in environment:
            if os.environ.get(name) != environment[name]:
                monkeypatch.setenv(name, environment[name])
        with isolated():
            yield sandbox


@pytest.fixture
def statuspro_client(statuspro_sandbox: Sandbox) -> Iterator[StatusProClient]:
    """Makes a client of `statuspro_sandbox`, and closes it when the test ends."""
    with statuspro_sandbox.client() as client:
        yield client


def _keywords(node: pytest.Item) -> dict[str, Any]:
    """Joins the keywords of the test's markers. The nearest one decides."""
    keywords: dict[str, Any] = {}
    for marker in node.iter_markers(MARKER):
        if marker.args:
            raise TypeError(f"@pytest.mark.{MARKER} takes keywords only, not {marker.args!r}")
        keywords = {**marker.kwargs, **keywords}
    return keywords
