from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from statuspro.sandbox.filters import EVERYTHING, Filters
from statuspro.sandbox.store import StatusChange
from statuspro.sandbox.validation import (
    InvalidError,
    ListQuery,
    MalformedError,
    is_date,
    read_body,
    read_bulk_change,
    read_comment,
    read_due_date,
    read_list_query,
    read_lookup_query,
    read_status_change,
)


def list_errors(query: dict[str, list[str]]) -> dict[str, list[str]]:
    with pytest.raises(InvalidError) as caught:
        read_list_query(query)
    return caught.value.errors


def test_an_empty_query_asks_for_the_first_fifteen() -> None:
    assert read_list_query({}) == ListQuery(EVERYTHING, 1, 15)


def test_all_filters_together() -> None:
    asked = read_list_query(
        {
            "search": [" wójcik "],
            "status_code": ["st000002"],
            "tags[]": ["a", "b"],
            "tags_any[0]": ["c"],
            "tags_any[1]": ["d"],
            "financial_status[]": ["paid", "pending"],
            "fulfillment_status[]": ["partial"],
            "exclude_cancelled": ["true"],
            "due_date_from": ["2026-01-01"],
            "due_date_to": ["2026-02-28"],
            "page": ["3"],
            "per_page": ["100"],
            "unknown": ["ignored"],
        }
    )
    filters = Filters(
        search="wójcik",
        status_code="st000002",
        tags=frozenset("ab"),
        tags_any=frozenset("cd"),
        financial_status=frozenset({"paid", "pending"}),
        fulfillment_status=frozenset({"partial"}),
        exclude_cancelled=True,
        due_date_from="2026-01-01",
        due_date_to="2026-02-28",
    )
    assert asked == ListQuery(filters, 3, 100)


def test_of_a_scalar_given_twice_the_last_one_counts() -> None:
    assert read_list_query({"page": ["1", "2"]}).page == 2


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)]
)
def test_booleans(text: str, value: bool) -> None:
    assert read_list_query({"exclude_cancelled": [text]}).filters.exclude_cancelled is value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exclude_cancelled", "True"),
        ("exclude_cancelled", "yes"),
        ("exclude_cancelled", ""),
        ("status_code", "st00002"),
        ("status_code", "st0000021"),
        ("status_code", ""),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.0"),
        ("page", "one"),
        ("page", "١"),
        ("page", "9" * 5000),
        ("page", ""),
        ("per_page", "0"),
        ("per_page", "101"),
        ("due_date_from", "2026-02-30"),
        ("due_date_from", "26-02-03"),
        ("due_date_to", "2026-02-03T00:00:00"),
        ("due_date_to", "today"),
        ("tags", "a"),
        ("tags_any", "a,b"),
        ("financial_status", "paid"),
        ("fulfillment_status", ""),
    ],
)
def test_values_that_are_refused(name: str, value: str) -> None:
    errors = list_errors({name: [value]})
    assert list(errors) == [name]
    assert errors[name][0].startswith(f"The {name.replace('_', ' ')} ")


@pytest.mark.parametrize("name", ["search", "page", "status_code"])
def test_a_scalar_given_as_an_array_is_refused(name: str) -> None:
    assert list(list_errors({f"{name}[]": ["x"]})) == [name]


def test_values_outside_an_enumeration_are_refused_by_place() -> None:
    query = {"financial_status[]": ["paid", "stolen", "x"], "fulfillment_status[]": ["y"]}
    assert list(list_errors(query)) == [
        "financial_status.1",
        "financial_status.2",
        "fulfillment_status.0",
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page": ["x"]}, "The page field must be an integer."),
        (
            {"page": ["x"], "per_page": ["x"]},
            "The page field must be an integer. (and 1 more error)",
        ),
        (
            {"page": ["x"], "per_page": ["x"], "tags": ["x"]},
            "The tags field must be an array. (and 2 more errors)",
        ),
    ],
)
def test_the_message_is_the_first_reason_and_the_number_of_others(
    query: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        read_list_query(query)
    assert caught.value.as_json() == {"message": message, "errors": caught.value.errors}


def test_lookup() -> None:
    query = {"number": [" #1188 "], "email": [" A@example.com "]}
    assert read_lookup_query(query) == ("#1188", "A@example.com")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, ["number", "email"]),
        ({"number": ["1"]}, ["email"]),
        ({"email": ["a@b"]}, ["number"]),
        ({"number": [" "], "email": ["a@b"]}, ["number"]),
        ({"number": ["1"], "email": ["nobody"]}, ["email"]),
        ({"number": ["1"], "email": ["a@b@c"]}, ["email"]),
    ],
)
def test_lookup_refused(query: dict[str, list[str]], fields: list[str]) -> None:
    with pytest.raises(InvalidError) as caught:
        read_lookup_query(query)
    assert list(caught.value.errors) == fields


@pytest.mark.parametrize("text", ["2024-02-29", "0001-01-01", date.max.isoformat()])
def test_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text", ["", "2025-02-29", "20240229", "2024-2-9", "2024-02-29 ", "٢٠٢٤-٠٢-٢٩"]
)
def test_not_dates(text: str) -> None:
    assert not is_date(text)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/x+json"]
)
def test_body(content_type: str) -> None:
    assert read_body(content_type, b'{"a": "\xc3\xa9"}') == {"a": "é"}


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "json"]
)
def test_a_body_that_does_not_say_it_is_json(content_type: str) -> None:
    with pytest.raises(MalformedError, match="Content-Type"):
        read_body(content_type, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nope",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
    ],
)
def test_a_body_that_is_not_json(body: bytes) -> None:
    with pytest.raises(MalformedError, match="not valid JSON"):
        read_body("application/json", body)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"'])
def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(MalformedError, match="object"):
        read_body("application/json", body)


def test_status_change_with_the_services_defaults() -> None:
    assert read_status_change({"status_code": "st000002", "other": 1}) == StatusChange(
        "st000002", None, False, True, True
    )


def test_status_change_in_full() -> None:
    values = {
        "status_code": "st000002",
        "comment": "ok",
        "public": True,
        "email_customer": False,
        "email_additional": False,
    }
    assert read_status_change(values) == StatusChange("st000002", "ok", True, False, False)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, ["status_code"]),
        ({"status_code": None}, ["status_code"]),
        ({"status_code": 2}, ["status_code"]),
        ({"status_code": ""}, ["status_code"]),
        ({"status_code": "st999999"}, ["status_code"]),
        ({"status_code": "st000002", "comment": None}, ["comment"]),
        ({"status_code": "st000002", "comment": 3}, ["comment"]),
        ({"status_code": "st000002", "public": "true"}, ["public"]),
        ({"status_code": "st000002", "public": 1}, ["public"]),
        ({"email_customer": None, "email_additional": []}, None),
    ],
)
def test_status_change_refused(values: dict[str, Any], fields: list[str] | None) -> None:
    with pytest.raises(InvalidError) as caught:
        read_status_change(values)
    assert list(caught.value.errors) == (
        fields or ["status_code", "email_customer", "email_additional"]
    )


def test_bulk_change() -> None:
    values = {
        "order_ids": [1, 2.0, 2],
        "status_code": "st000003",
        "send_at": 1_900_000_000,
        "due_date": "2026-05-01",
    }
    change = StatusChange("st000003", send_at=1_900_000_000, due_date="2026-05-01")
    assert read_bulk_change(values) == ([1, 2, 2], change)


@pytest.mark.parametrize("count", [1, 50])
def test_bulk_change_of_as_many_as_may_be(count: int) -> None:
    ids, _ = read_bulk_change({"order_ids": list(range(count)), "status_code": "st000003"})
    assert len(ids) == count


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, ["order_ids", "status_code"]),
        ({"order_ids": []}, ["order_ids", "status_code"]),
        ({"order_ids": list(range(51)), "status_code": "st000003"}, ["order_ids"]),
        ({"order_ids": 7, "status_code": "st000003"}, ["order_ids"]),
        ({"order_ids": None, "status_code": "st000003"}, ["order_ids"]),
        ({"order_ids": "1,2", "status_code": "st000003"}, ["order_ids"]),
        (
            {"order_ids": [1, "2", True, 1.5, None], "status_code": "st000003"},
            ["order_ids.1", "order_ids.2", "order_ids.3", "order_ids.4"],
        ),
        ({"order_ids": [1], "status_code": "st000003", "send_at": "soon"}, ["send_at"]),
        ({"order_ids": [1], "status_code": "st000003", "send_at": None}, ["send_at"]),
        ({"order_ids": [1], "status_code": "st000003", "send_at": -1}, ["send_at"]),
        ({"order_ids": [1], "status_code": "st000003", "due_date": "soon"}, ["due_date"]),
        ({"order_ids": [1], "status_code": "st000003", "due_date": None}, ["due_date"]),
    ],
)
def test_bulk_change_refused(values: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidError) as caught:
        read_bulk_change(values)
    assert list(caught.value.errors) == fields


@pytest.mark.parametrize("comment", ["abc", "x" * 1000, "日本語", "   "])
def test_comment(comment: str) -> None:
    assert read_comment({"comment": comment}) == (comment, False)


@pytest.mark.parametrize("comment", ["", "ab", "x" * 1001, None, 5])
def test_comment_refused(comment: object) -> None:
    with pytest.raises(InvalidError) as caught:
        read_comment({"comment": comment, "public": True})
    assert list(caught.value.errors) == ["comment"]
    assert len(caught.value.errors["comment"]) == 1


def test_comment_missing_is_one_reason() -> None:
    with pytest.raises(InvalidError) as caught:
        read_comment({"public": 0})
    assert {name: len(reasons) for name, reasons in caught.value.errors.items()} == {
        "comment": 1,
        "public": 1,
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"due_date": "2026-02-10"}, ("2026-02-10", None)),
        ({"due_date": "2026-02-10", "due_date_to": "2026-02-10"}, ("2026-02-10", "2026-02-10")),
        ({"due_date": None}, (None, None)),
        ({"due_date": None, "due_date_to": "2026-02-10"}, (None, "2026-02-10")),
    ],
)
def test_due_date(values: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    assert read_due_date(values) == expected


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "due_date"),
        ({"due_date": "2026-02-31"}, "due_date"),
        ({"due_date": 20260210}, "due_date"),
        ({"due_date": "2026-02-10", "due_date_to": "2026-02-09"}, "due_date_to"),
        ({"due_date": "2026-02-10", "due_date_to": None}, "due_date_to"),
        ({"due_date": "2026-02-10", "due_date_to": "later"}, "due_date_to"),
    ],
)
def test_due_date_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_due_date(values)
    assert list(caught.value.errors) == [field]
