"""A client, and `responses` in the service's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from statuspro import StatusProClient
from tests.support.wire import BASE_URL, KEY


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> StatusProClient:
    return StatusProClient(KEY, BASE_URL, max_retries=0, rate_limit=None)
