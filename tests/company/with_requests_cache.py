"""requests-cache: a mixin for sessions."""

from __future__ import annotations

from typing import Any

from requests_cache import CacheMixin

from statuspro import StatusProClient
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID


class CachedClient(CacheMixin, StatusProClient):
    """As requests-cache's documentation combines its session with another."""


def test_a_second_read_comes_from_the_cache() -> None:
    options: dict[str, Any] = {"rate_limit": None, "trust_env": False, "backend": "memory"}
    with Sandbox(orders=3) as sandbox:
        key, url = sandbox.api_key, sandbox.base_url
        with CachedClient(api_key=key, base_url=url, **options) as client:
            order = client.get_order(FIRST_ID)
            assert client.get_order(FIRST_ID) == order
            assert len(sandbox.requests) == 1
            client.add_order_comment(FIRST_ID, "Hello")
            client.add_order_comment(FIRST_ID, "Hello")
            assert len(sandbox.requests) == 3
