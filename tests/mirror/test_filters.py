"""The service's filters, told from an order as a list shows it."""

from __future__ import annotations

from typing import Any

import pytest

from statuspro.mirror.filters import as_received, fits

ITEM: dict[str, Any] = {
    "name": "#1188",
    "order_number": "1188",
    "customer": {"name": "Zoë Straße", "email": "zoe@shop.test", "locale": "de"},
    "status": {"is_set": True, "code": "st000002"},
    "due_date": "2026-03-15T00:00:00+00:00",
}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, True),
        ({"status_code": "st000002"}, True),
        ({"status_code": "st000003"}, False),
        ({"due_date_from": "2026-03-15", "due_date_to": "2026-03-15"}, True),
        ({"due_date_from": "2026-03-16"}, False),
        ({"due_date_to": "2026-03-14"}, False),
        ({"exclude_cancelled": "true"}, None),
        ({"exclude_cancelled": "true", "status_code": "st000003"}, False),
        ({"tags[]": ["rush"]}, None),
        # The service may search in more than it shows, or in less.
        ({"search": "STRASSE"}, None),
        ({"search": "118"}, None),
        ({"search": "locale"}, False),
        ({"search": "1188 zoe"}, False),
    ],
)
def test_fits(params: dict[str, Any], expected: bool | None) -> None:
    assert fits(ITEM, params) is expected


@pytest.mark.parametrize("missing", [None, 5, {}])
def test_an_order_that_shows_nothing(missing: Any) -> None:
    item = dict.fromkeys(ITEM, missing)
    assert fits(item, {"due_date_from": "2000-01-01"}) is False
    assert fits(item, {"status_code": "st000002"}) is False
    assert fits(item, {"search": "a"}) is False
    assert fits(item, {}) is True


def test_parameters_are_what_the_service_makes_of_them() -> None:
    given = {"search": "\u200b Ann \ufeff", "tags[]": [" rush"], "exclude_cancelled": "false"}
    assert as_received(given) == {"search": "Ann", "tags[]": [" rush"]}
