"""Each endpoint of the sandbox, by what the interface description says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from statuspro.sandbox import Order, Sandbox
from statuspro.sandbox.catalogue import CATALOGUE
from statuspro.sandbox.data import FIRST_ID
from statuspro.sandbox.messages import API_ROOT
from statuspro.sandbox.routes import match

from .caller import Caller

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
UNKNOWN = FIRST_ID + 1


def some_order(sandbox: Sandbox, api: Caller, code: str | None) -> int:
    """An order whose status is ``code``."""
    order_id: int = api.get("/orders").ids[0]
    sandbox.set_status(order_id, code)
    return order_id


# GET /orders


def test_the_list_has_fifteen_orders_a_page_newest_first(api: Caller) -> None:
    reply = api.get("/orders")
    assert reply.status == 200
    assert reply.json["meta"] == {
        "current_page": 1,
        "from": 1,
        "last_page": 4,
        "per_page": 15,
        "to": 15,
        "total": 60,
    }
    assert len(reply.ids) == 15
    assert reply.ids == sorted(reply.ids, reverse=True)


def test_pages_together_are_the_whole_list(api: Caller) -> None:
    joined = [
        i for page in (1, 2, 3) for i in api.get("/orders", {"page": page, "per_page": 25}).ids
    ]
    assert joined == api.get("/orders", {"per_page": 100}).ids
    assert len(set(joined)) == 60


def test_the_last_page_is_shorter_and_those_after_it_are_empty(api: Caller) -> None:
    meta = api.get("/orders", {"page": 3, "per_page": 25}).json["meta"]
    assert (meta["from"], meta["to"], meta["last_page"]) == (51, 60, 3)
    after = api.get("/orders", {"page": 4, "per_page": 25}).json
    assert after["data"] == []
    assert (after["meta"]["from"], after["meta"]["to"]) == (None, None)
    assert (after["meta"]["current_page"], after["meta"]["last_page"]) == (4, 3)


def test_an_empty_list_has_one_page() -> None:
    with Sandbox(orders=0) as sandbox, Caller(sandbox) as api:
        assert api.get("/orders").json == {
            "data": [],
            "meta": {
                "current_page": 1,
                "from": None,
                "last_page": 1,
                "per_page": 15,
                "to": None,
                "total": 0,
            },
        }


def test_a_list_item(api: Caller) -> None:
    items = api.get("/orders", {"per_page": 100}).json["data"]
    for item in items:
        assert list(item) == [
            "id",
            "name",
            "order_number",
            "customer",
            "status",
            "due_date",
            "due_date_to",
            "history_count",
        ]
        assert item["name"] == f"#{item['order_number']}"
        assert set(item["customer"]) == {"name", "email", "locale"}
    with_status = next(item["status"] for item in items if item["status"]["is_set"])
    assert set(with_status) == {
        "is_set",
        "code",
        "name",
        "public_name",
        "description",
        "color",
        "public",
        "set_at",
        "auto_change_at",
    }
    assert TIME.fullmatch(with_status["set_at"])
    without = next(item["status"] for item in items if not item["status"]["is_set"])
    assert without == {"is_set": False}
    assert any(TIME.fullmatch(item["due_date"] or "") for item in items)


def test_the_list_counts_the_history_that_the_detail_shows(api: Caller) -> None:
    for item in api.get("/orders", {"per_page": 100}).json["data"]:
        detail = api.get(f"/orders/{item['id']}").json
        assert item["history_count"] == len(detail["history"])
        assert "history_count" not in detail
        del item["history_count"], detail["history"], detail["public_progress_timeline"]
        detail["status"].pop("translations", None)
        assert item == detail


MONTH_AGO = (datetime.now(timezone.utc) - timedelta(days=30)).date().isoformat()

FILTERS: list[tuple[dict[str, Any], Callable[[Order], object]]] = [
    ({"status_code": "st000002"}, lambda o: o.status_code == "st000002"),
    ({"exclude_cancelled": "true"}, lambda o: o.cancelled_at is None),
    ({"exclude_cancelled": "false"}, lambda o: True),
    ({"tags[]": ["gift"]}, lambda o: "gift" in o.tags),
    ({"tags_any[]": ["gift", "rush"]}, lambda o: {"gift", "rush"} & set(o.tags)),
    ({"financial_status[]": ["pending", "voided"]},
     lambda o: o.financial_status in ("pending", "voided")),
    ({"fulfillment_status[]": "fulfilled"}, lambda o: o.fulfillment_status == "fulfilled"),
    ({"due_date_from": MONTH_AGO}, lambda o: (o.due_date or "") >= MONTH_AGO),
    ({"due_date_to": MONTH_AGO}, lambda o: o.due_date and o.due_date <= MONTH_AGO),
    ({"search": "121"}, lambda o: "121" in o.name or "121" in o.customer.email),
    ({"status_code": "st000002", "exclude_cancelled": "1", "fulfillment_status[]": "fulfilled"},
     lambda o: o.status_code == "st000002" and o.cancelled_at is None
     and o.fulfillment_status == "fulfilled"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "keeps"), FILTERS)
def test_filters(
    sandbox: Sandbox, api: Caller, query: dict[str, Any], keeps: Callable[[Order], object]
) -> None:
    everything = api.get("/orders", {"per_page": 100}).ids
    expected = [order_id for order_id in everything if keeps(sandbox.order(order_id))]
    reply = api.get("/orders", {"per_page": 100, **query})
    assert reply.ids == expected != []
    assert reply.json["meta"]["total"] == len(expected)


def test_all_tags_must_be_there(sandbox: Sandbox, api: Caller) -> None:
    both = sandbox.add_order(tags=("x", "y"))
    sandbox.add_order(tags=("x",))
    assert api.get("/orders", [("tags[]", "x"), ("tags[]", "y")]).ids == [both]


@pytest.mark.parametrize("search", ["Ωμέγα", "ωμέγα παπ", "omega@EXAMPLE.com", "#1248", "1248"])
def test_search(sandbox: Sandbox, api: Caller, search: str) -> None:
    order_id = sandbox.add_order(name="Ωμέγα Παππάς", email="omega@example.com")
    assert api.get("/orders", {"search": search}).ids == [order_id]


def test_filters_are_never_echoed(api: Caller) -> None:
    text = api.get("/orders", {"per_page": 100}).body
    for hidden in (b"financial", b"fulfillment", b"tags", b"cancelled"):
        assert hidden not in text


def test_refused_queries(api: Caller) -> None:
    reply = api.get("/orders", {"per_page": 101, "exclude_cancelled": "True"})
    assert reply.status == 422
    assert set(reply.json["errors"]) == {"per_page", "exclude_cancelled"}
    assert all(isinstance(reasons, list) for reasons in reply.json["errors"].values())


# GET /orders/{id}


def test_detail(sandbox: Sandbox, api: Caller) -> None:
    order_id = some_order(sandbox, api, None)
    api.post(f"/orders/{order_id}/status", status_code="st000001")
    api.post(f"/orders/{order_id}/status", status_code="st000005")
    detail = api.get(f"/orders/{order_id}").json
    assert set(detail) == {
        "id",
        "name",
        "order_number",
        "customer",
        "status",
        "due_date",
        "due_date_to",
        "history",
        "public_progress_timeline",
    }
    item = detail["history"][-2]
    assert set(item) == {
        "event",
        "status",
        "comment",
        "comment_is_public",
        "created_at",
        "mail_log",
    }
    assert item["status"]["code"] == "st000001"
    assert TIME.fullmatch(item["created_at"])
    assert item["mail_log"]["to"] == detail["customer"]["email"]
    assert item["mail_log"]["delivery_status"] == "sent"
    # The hidden status is in the history and not in what the customer sees.
    assert detail["status"]["code"] == "st000005"
    shown = detail["public_progress_timeline"][-1]
    assert set(shown) == {"name", "description", "progress", "timestamp"}
    assert (shown["name"], shown["progress"]) == ("We have your order", "current")


def test_detail_has_translations(sandbox: Sandbox, api: Caller) -> None:
    order_id = some_order(sandbox, api, "st000001")
    translations = api.get(f"/orders/{order_id}").json["status"]["translations"]
    assert set(translations["de"]) == {"name", "description"}


@pytest.mark.parametrize("order", [UNKNOWN, 0, "abc", "1.5", "-1", "%20", "1%2F2", "9" * 400, "٣"])
def test_orders_that_do_not_exist(api: Caller, order: object) -> None:
    reply = api.request("GET", quote(f"/orders/{order}", safe="/%"))
    assert reply.status == 404
    assert list(reply.json) == ["message"]


# GET /orders/lookup


@pytest.mark.parametrize("prefix", ["", "#"])
def test_lookup(api: Caller, prefix: str) -> None:
    detail = api.get(f"/orders/{FIRST_ID}").json
    query = {
        "number": prefix + detail["order_number"],
        "email": detail["customer"]["email"].upper(),
    }
    reply = api.get("/orders/lookup", query)
    assert (reply.status, reply.json) == (200, detail)


def test_lookup_of_nothing(api: Caller) -> None:
    assert api.get("/orders/lookup", {"number": "1188", "email": "x@example.com"}).status == 404
    assert api.get("/orders/lookup", {"number": "1", "email": "x@example.com"}).status == 404


@pytest.mark.parametrize("query", [{"number": "1188"}, {"number": "1188", "email": "ann lee"}])
def test_lookup_refused_as_the_interface_says(api: Caller, query: dict[str, str]) -> None:
    reply = api.get("/orders/lookup", query)
    assert reply.status == 400  # not 422, and so without `errors`
    assert list(reply.json) == ["message"]
    assert "email" in reply.json["message"]


# GET /statuses, GET /orders/{id}/viable-statuses


def test_statuses(api: Caller) -> None:
    statuses = api.get("/statuses").json
    assert [status["code"] for status in statuses] == list(CATALOGUE)
    assert all(set(status) == {"name", "description", "code", "color"} for status in statuses)


@pytest.mark.parametrize("code", [None, *CATALOGUE])
def test_viable_statuses(sandbox: Sandbox, api: Caller, code: str | None) -> None:
    order_id = some_order(sandbox, api, code)
    viable = api.get(f"/orders/{order_id}/viable-statuses").json
    assert tuple(status["code"] for status in viable) == CATALOGUE.viable_after(code)
    assert all(set(status) == {"name", "description", "code", "color"} for status in viable)


def test_viable_statuses_of_an_unknown_order(api: Caller) -> None:
    assert api.get(f"/orders/{UNKNOWN}/viable-statuses").status == 404


# POST /orders/{id}/status


def test_status_change(sandbox: Sandbox, api: Caller) -> None:
    order_id = some_order(sandbox, api, "st000002")
    before = len(sandbox.order(order_id).history)
    reply = api.post(
        f"/orders/{order_id}/status", status_code="st000003", comment="On its way", public=True
    )
    assert reply.status == 200
    assert list(reply.json) == ["message"]
    detail = api.get(f"/orders/{order_id}").json
    assert detail["status"]["code"] == "st000003"
    assert detail["status"]["auto_change_at"] > detail["status"]["set_at"]
    assert len(detail["history"]) == before + 1
    last = detail["history"][-1]
    assert (last["comment"], last["comment_is_public"]) == ("On its way", True)
    assert last["created_at"] == detail["status"]["set_at"]
    assert [mail.to[0] for mail in sandbox.mails] == [detail["customer"]["email"]]


def test_status_change_without_mail(sandbox: Sandbox, api: Caller) -> None:
    order_id = sandbox.add_order(status_code="st000002", additional_emails=("b@example.com",))
    api.post(
        f"/orders/{order_id}/status",
        status_code="st000003",
        email_customer=False,
        email_additional=False,
    )
    assert sandbox.mails == []
    assert api.get(f"/orders/{order_id}").json["history"][-1]["mail_log"] is None


@pytest.mark.parametrize("code", ["st000002", "st000007", "st999999", "", "shipped"])
def test_status_change_refused(sandbox: Sandbox, api: Caller, code: str) -> None:
    order_id = some_order(sandbox, api, "st000002")
    reply = api.post(f"/orders/{order_id}/status", status_code=code)
    assert reply.status == 422
    assert list(reply.json["errors"]) == ["status_code"]
    assert sandbox.applied == []


def test_any_known_status_where_transitions_are_not_enforced() -> None:
    with Sandbox(orders=20, enforce_viable=False) as sandbox, Caller(sandbox) as api:
        order_id = some_order(sandbox, api, "st000002")
        assert api.post(f"/orders/{order_id}/status", status_code="st000007").status == 200
        assert api.post(f"/orders/{order_id}/status", status_code="st999999").status == 422


# POST /orders/{id}/comment and /due-date


def test_comment(sandbox: Sandbox, api: Caller) -> None:
    reply = api.post(f"/orders/{FIRST_ID}/comment", comment="Schön geworden 🎁", public=True)
    assert reply.status == 200
    last = api.get(f"/orders/{FIRST_ID}").json["history"][-1]
    assert (last["event"], last["comment"]) == ("comment_added", "Schön geworden 🎁")
    assert last["status"] is None
    assert last["mail_log"] is None
    assert sandbox.mails == []


@pytest.mark.parametrize("comment", ["ab", "x" * 1001])
def test_comment_refused(sandbox: Sandbox, api: Caller, comment: str) -> None:
    reply = api.post(f"/orders/{FIRST_ID}/comment", comment=comment)
    assert reply.status == 422
    assert list(reply.json["errors"]) == ["comment"]
    assert sandbox.applied == []


def test_due_date(api: Caller) -> None:
    path = f"/orders/{FIRST_ID}/due-date"
    assert api.post(path, due_date="2026-02-10", due_date_to="2026-02-12").status == 200
    detail = api.get(f"/orders/{FIRST_ID}").json
    assert detail["due_date"] == "2026-02-10T00:00:00+00:00"
    assert detail["due_date_to"] == "2026-02-12T00:00:00+00:00"
    assert api.post(path, due_date=None).status == 200
    detail = api.get(f"/orders/{FIRST_ID}").json
    assert (detail["due_date"], detail["due_date_to"]) == (None, None)


def test_due_date_refused(api: Caller) -> None:
    reply = api.post(
        f"/orders/{FIRST_ID}/due-date", due_date="2026-02-10", due_date_to="2026-02-01"
    )
    assert reply.status == 422
    assert list(reply.json["errors"]) == ["due_date_to"]


@pytest.mark.parametrize("action", ["status", "comment", "due-date"])
def test_writes_to_an_unknown_order(sandbox: Sandbox, api: Caller, action: str) -> None:
    assert api.post(f"/orders/{UNKNOWN}/{action}").status == 404
    assert sandbox.applied == []


@pytest.mark.parametrize("path", [f"/orders/{FIRST_ID}/comment", "/orders/bulk-status"])
def test_bodies_that_cannot_be_read(sandbox: Sandbox, api: Caller, path: str) -> None:
    for body, content_type in (
        (b"{oops", "application/json"),
        (b"[]", "application/json"),
        (b"comment=hello", "application/x-www-form-urlencoded"),
        (b"{}", None),
    ):
        reply = api.request("POST", path, body, Content_Type=content_type)
        assert reply.status == 400
        assert list(reply.json) == ["message"]
    assert sandbox.applied == []


# POST /orders/bulk-status


def test_bulk(sandbox: Sandbox, api: Caller) -> None:
    ids = [sandbox.add_order(status_code="st000002") for _ in range(3)]
    reply = api.post("/orders/bulk-status", order_ids=[*ids, UNKNOWN], status_code="st000003")
    assert reply.status == 202
    assert reply.json["count"] == 4
    assert reply.json["limit"] == 50
    assert isinstance(reply.json["message"], str)
    sandbox.flush()
    assert [sandbox.order(order_id).status_code for order_id in ids] == ["st000003"] * 3
    assert [write.order_id for write in sandbox.applied] == ids
    assert len(sandbox.mails) == 3


def test_bulk_scheduled_with_a_due_date(sandbox: Sandbox, api: Caller) -> None:
    order_id = sandbox.add_order(status_code="st000002")
    api.post(
        "/orders/bulk-status",
        order_ids=[order_id],
        status_code="st000003",
        send_at=1_900_000_000,
        due_date="2026-09-09",
    )
    sandbox.flush()
    detail = api.get(f"/orders/{order_id}").json
    assert detail["due_date"] == "2026-09-09T00:00:00+00:00"
    assert detail["history"][-1]["mail_log"]["delivery_status"] == "scheduled"
    assert [mail.send_at for mail in sandbox.mails] == [1_900_000_000]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"order_ids": [], "status_code": "st000003"}, "order_ids"),
        ({"order_ids": list(range(51)), "status_code": "st000003"}, "order_ids"),
        ({"order_ids": [1], "status_code": "nope"}, "status_code"),
    ],
)
def test_bulk_refused(sandbox: Sandbox, api: Caller, values: dict[str, Any], field: str) -> None:
    reply = api.post("/orders/bulk-status", **values)
    assert reply.status == 422
    assert list(reply.json["errors"]) == [field]
    sandbox.flush()
    assert sandbox.applied == []


# Which endpoint


@pytest.mark.parametrize(
    "path",
    [
        "/orders",
        f"{API_ROOT}/",
        f"{API_ROOT}/orders/",
        f"{API_ROOT}/Orders",
        f"{API_ROOT}/orders/1/",
        f"{API_ROOT}/orders/1/history",
        f"{API_ROOT}/orders/1/status/2",
        f"{API_ROOT}/orders/../statuses",
        f"{API_ROOT}//orders",
    ],
)
def test_no_endpoint(path: str) -> None:
    endpoints, _ = match(path)
    assert endpoints == {}


def test_the_order_id_is_read_from_the_path() -> None:
    endpoints, order_id = match(f"{API_ROOT}/orders/0042/status")
    assert (list(endpoints), order_id) == (["POST"], 42)


def test_bodies_are_ascii_json_as_the_service_sends_it(sandbox: Sandbox, api: Caller) -> None:
    sandbox.add_order(name="葵 佐藤")
    body = api.get("/orders", {"per_page": 1}).body
    assert body.isascii()
    assert json.loads(body)["data"][0]["customer"]["name"] == "葵 佐藤"
