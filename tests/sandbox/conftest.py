"""A sandbox and a plain caller of it, which knows nothing of the client under test elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from statuspro.sandbox import Sandbox

from .caller import Caller


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=60) as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Caller]:
    with Caller(sandbox) as caller:
        yield caller
