"""betamax: an adapter that is mounted, and sends by ours what it records."""

from __future__ import annotations

import json
from pathlib import Path

import betamax
import pytest

from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID


def test_what_is_sent_is_recorded_and_replayed(tmp_path: Path) -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        with betamax.Betamax(client, cassette_library_dir=str(tmp_path)).use_cassette("orders"):
            order = client.get_order(FIRST_ID)
            orders = client.list_orders(search="a", page=1, per_page=3)
        assert len(sandbox.requests) == 2
        kept = json.loads((tmp_path / "orders.json").read_text())["http_interactions"]
        assert [each["request"]["uri"] for each in kept] == [
            f"{client.base_url}/orders/{FIRST_ID}",
            f"{client.base_url}/orders?search=a&page=1&per_page=3",
        ]
        recorder = betamax.Betamax(client, cassette_library_dir=str(tmp_path))
        with recorder.use_cassette("orders", record="none"):
            assert client.get_order(FIRST_ID) == order
            assert client.list_orders(search="a", page=1, per_page=3) == orders
            with pytest.raises(betamax.exceptions.BetamaxError):
                client.update_order_status(FIRST_ID, "st000002")
        assert len(sandbox.requests) == 2
