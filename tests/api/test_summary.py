"""Counts of the orders by status, from the totals of the lists."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest

from statuspro import InvalidResponseError, NotFoundError, StatusProClient, summarize_orders
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import CATALOGUE
from statuspro.sandbox.data import id_at
from statuspro.types import FinancialStatus, FulfillmentStatus, OrdersSummary
from tests.support.lists import Pages, page_of


def local(orders: int) -> tuple[Sandbox, StatusProClient]:
    sandbox = Sandbox(orders)
    return sandbox, sandbox.client(adapter=sandbox.adapter())


@pytest.mark.parametrize("orders", [0, 1, 400])
def test_the_summary_is_what_the_sandbox_knows(orders: int) -> None:
    sandbox, client = local(orders)
    truth = [sandbox.order(id_at(place)) for place in range(orders)]
    truth = [order for order in truth if order.cancelled_at is None]
    by_status = Counter(order.status_code for order in truth)
    by_payment = Counter(order.financial_status for order in truth)
    by_delivery = Counter(order.fulfillment_status for order in truth)

    summary = client.summarize_orders()

    assert summary["total"] == len(truth)
    assert summary["without_status"] == by_status[None]
    assert summary["by_status"] == [
        {
            "code": status.code,
            "name": status.name,
            "color": status.color,
            "count": by_status[status.code],
        }
        for status in CATALOGUE.values()
    ]
    assert summary["by_financial_status"] == {
        value: by_payment[value] for value in get_args(FinancialStatus)
    }
    assert summary["by_fulfillment_status"] == {
        value: by_delivery[value] for value in get_args(FulfillmentStatus)
    }
    assert orders < 400 or min(by_status[None], *summary["by_fulfillment_status"].values()) > 0


def test_it_costs_what_it_says() -> None:
    sandbox, client = local(50)
    client.summarize_orders()
    assert "14 requests and one for each status" in (summarize_orders.__doc__ or "")
    assert len(sandbox.requests) == 14 + len(CATALOGUE)
    lists = [record for record in sandbox.requests if record.path.endswith("/orders")]
    assert len(lists) == 13 + len(CATALOGUE)
    for record in lists:
        assert record.query["per_page"] == record.query["page"] == ["1"]
        assert record.query["exclude_cancelled"] == ["true"]


def test_cancelled_orders_do_not_count() -> None:
    sandbox, client = local(0)
    ids = [sandbox.add_order(status_code="st000001" if n % 2 else None) for n in range(6)]
    assert client.summarize_orders()["without_status"] == 3
    sandbox.cancel_order(ids[0])
    sandbox.cancel_order(ids[1])
    summary = client.summarize_orders()
    assert (summary["total"], summary["without_status"]) == (4, 2)
    assert summary["by_status"][0]["count"] == 2


def test_errors_come_as_they_are() -> None:
    sandbox, client = local(3)
    sandbox.fail(404, path="/orders")
    with pytest.raises(NotFoundError):
        client.summarize_orders()


def answered(monkeypatch: pytest.MonkeyPatch, statuses: Any, total: Any) -> OrdersSummary:
    """The summary of a service that answers all lists with the same total."""
    page = page_of([], 1, 1, 1, 0)
    page["meta"]["total"] = total
    monkeypatch.setattr("statuspro.api.summary.get_statuses", lambda client: statuses)
    return summarize_orders(Pages(lambda number, per_page: page).client)


@pytest.mark.parametrize("total", [None, "x", -1, 1.5, [], True])
def test_a_total_that_is_none(monkeypatch: pytest.MonkeyPatch, total: Any) -> None:
    with pytest.raises(InvalidResponseError, match="total"):
        answered(monkeypatch, [], total)


def test_a_list_that_moves_meanwhile_counts_no_less_than_none_without_a_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statuses = [{"code": f"st{n:06}", "name": "A", "description": "", "color": ""} for n in (1, 2)]
    summary = answered(monkeypatch, statuses, 7)
    assert (summary["total"], summary["without_status"]) == (7, 0)
    assert [one["count"] for one in summary["by_status"]] == [7, 7]


def test_statuses_of_which_little_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = answered(
        monkeypatch, [{"code": "st000001"}, {"name": "no code"}, {"code": 3}, {"code": " "}], 9
    )
    assert summary["by_status"] == [{"code": "st000001", "name": "", "color": "", "count": 9}]


def test_a_status_that_is_listed_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, client = local(0)
    for code in ("st000001", "st000001", None):
        sandbox.add_order(status_code=code)
    twice = [*client.get_statuses(), {**client.get_statuses()[0], "name": "Again"}]
    monkeypatch.setattr("statuspro.api.summary.get_statuses", lambda client: twice)
    sandbox.requests.clear()
    summary = client.summarize_orders()
    assert summary["without_status"] == 1
    assert [one["code"] for one in summary["by_status"]] == list(CATALOGUE)
    assert summary["by_status"][0]["name"] == CATALOGUE["st000001"].name
    assert len(sandbox.requests) == 13 + len(CATALOGUE)
