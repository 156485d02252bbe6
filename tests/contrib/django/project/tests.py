"""A shop's own tests, as `manage.py test` runs them: each has a sandbox of its own."""

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase, override_settings

from statuspro.contrib.django import get_client
from statuspro.sandbox import Sandbox


class OrderPage(SimpleTestCase):
    def setUp(self) -> None:
        self.sandbox = Sandbox(orders=3).__enter__()
        self.addCleanup(self.sandbox.__exit__, None, None, None)
        given = {"API_KEY": self.sandbox.api_key, "BASE_URL": self.sandbox.base_url}
        overridden = override_settings(STATUSPRO=given)
        overridden.enable()
        self.addCleanup(overridden.disable)

    def check_page(self) -> None:
        order_id = self.sandbox.add_order()
        response: Any = self.client.get(f"/orders/{order_id}")
        assert response.json()["name"] == get_client().get_order(order_id)["name"]
        assert len(self.sandbox.requests) == 2

    def test_first(self) -> None:
        self.check_page()

    def test_second(self) -> None:
        self.check_page()
