"""The validation of requests, rule by rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from statuspro.sandbox.filters import EVERYTHING, Filters
from statuspro.sandbox.rules import InvalidError, received
from statuspro.sandbox.store import StatusChange
from statuspro.sandbox.validation import (
    ListQuery,
    MalformedError,
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
        ({"status_code": "st000002", "public": None}, ["public"]),
        ({"status_code": "st000002", "public": 2}, ["public"]),
        ({"status_code": "st000002", "public": 1.0}, ["public"]),
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
        "order_ids": [1, 2.0, "2"],
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
        ({"order_ids": {"a": 1, "b": "x"}, "status_code": "st000003"}, ["order_ids.b"]),
        (
            {"order_ids": [1, "x", False, 1.5, None, "02", 2**63, 1e20], "status_code": "st000003"},
            [f"order_ids.{place}" for place in range(1, 8)],
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


@pytest.mark.parametrize("comment", ["abc", "x" * 1000, "日本語"])
def test_comment(comment: str) -> None:
    assert read_comment({"comment": comment}) == (comment, False)


@pytest.mark.parametrize(
    ("value", "public"),
    [(True, True), (1, True), ("1", True), (False, False), (0, False), ("0", False)],
)
def test_booleans_of_a_body(value: object, public: bool) -> None:
    assert read_comment({"comment": "abc", "public": value}) == ("abc", public)


@pytest.mark.parametrize("received", ["one\r\ntwo", "one\rtwo", "one\ntwo"])
def test_line_ends_come_back_as_those_of_the_service(received: str) -> None:
    assert read_comment({"comment": received}) == ("one\ntwo", False)
    change = read_status_change({"status_code": "st000002", "comment": received})
    assert change.comment == "one\ntwo"


REQUIRED = ["The comment field is required."]
TOO_SHORT = "The comment field must be at least 3 characters."


@pytest.mark.parametrize(
    ("comment", "reasons"),
    [
        ("ab", [TOO_SHORT]),
        ("x" * 1001, ["The comment field must not be greater than 1000 characters."]),
        (None, REQUIRED),
        ("", REQUIRED),
        ([], REQUIRED),
        ("   ", REQUIRED),
        ("\ufeff\u200b\u00a0\r\n", REQUIRED),
        (" ab\ufeff", [TOO_SHORT]),
        (5, ["The comment field must be a string.", TOO_SHORT]),
        (12345, ["The comment field must be a string."]),
        (["a", "b"], ["The comment field must be a string.", TOO_SHORT]),
    ],
)
def test_comment_refused(comment: object, reasons: list[str]) -> None:
    body = json.dumps({"comment": comment, "public": True}).encode()
    with pytest.raises(InvalidError) as caught:
        read_comment(read_body("application/json", body))
    assert caught.value.errors == {"comment": reasons}


def test_a_comment_is_trimmed_before_it_is_measured() -> None:
    body = json.dumps({"comment": f" \ufeff\u200b{'x' * 1000}\u200b\n"}).encode()
    assert read_comment(read_body("application/json", body)) == ("x" * 1000, False)


def test_fields_are_refused_in_the_order_of_their_rules() -> None:
    with pytest.raises(InvalidError) as caught:
        read_comment({"public": "yes"})
    assert caught.value.as_json() == {
        "message": "The comment field is required. (and 1 more error)",
        "errors": {
            "comment": ["The comment field is required."],
            "public": ["The public field must be true or false."],
        },
    }


def test_what_is_said_of_a_bulk_change() -> None:
    values = {"order_ids": ["x", 2], "status_code": "st999999", "send_at": -1, "due_date": "soon"}
    with pytest.raises(InvalidError) as caught:
        read_bulk_change(values)
    assert caught.value.errors == {
        "order_ids.0": ["The order_ids.0 field must be an integer."],
        "status_code": ["The selected status code is invalid."],
        "send_at": ["The send at field must be at least 0."],
        "due_date": ["The due date field must match the format Y-m-d."],
    }


@pytest.mark.parametrize(
    ("order_ids", "reason"),
    [
        ([], "The order ids field is required."),
        (None, "The order ids field is required."),
        (7, "The order ids field must be an array."),
        (list(range(51)), "The order ids field must not have more than 50 items."),
    ],
)
def test_what_is_said_of_order_ids(order_ids: object, reason: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_bulk_change({"order_ids": order_ids, "status_code": "st000003"})
    assert caught.value.errors == {"order_ids": [reason]}


def test_what_is_said_of_a_status_code() -> None:
    for missing in ({}, {"status_code": None}, {"status_code": ""}):
        with pytest.raises(InvalidError) as caught:
            read_status_change(received(missing))
        assert caught.value.errors == {"status_code": ["The status code field is required."]}
    with pytest.raises(InvalidError) as caught:  # the database is not asked for what is no string
        read_status_change({"status_code": 7})
    assert caught.value.errors == {"status_code": ["The status code field must be a string."]}


def test_what_is_said_of_a_query() -> None:
    assert list_errors(
        {
            "exclude_cancelled": ["True"],
            "per_page": ["101"],
            "page": ["0"],
            "status_code": ["st1"],
            "tags": ["a"],
            "financial_status[]": ["paid", "stolen"],
            "due_date_to": ["today"],
        }
    ) == {
        "status_code": ["The status code field must be 8 characters."],
        "tags": ["The tags field must be an array."],
        "financial_status.1": ["The selected financial_status.1 is invalid."],
        "exclude_cancelled": ["The exclude cancelled field must be true or false."],
        "due_date_to": ["The due date to field must match the format Y-m-d."],
        "page": ["The page field must be at least 1."],
        "per_page": ["The per page field must not be greater than 100."],
    }


def test_what_is_said_of_due_dates() -> None:
    with pytest.raises(InvalidError) as caught:
        read_due_date({})
    assert caught.value.errors == {"due_date": ["The due date field must be present."]}
    with pytest.raises(InvalidError) as caught:
        read_due_date({"due_date": "2026-02-10", "due_date_to": "2026-02-09"})
    assert caught.value.errors == {
        "due_date_to": ["The due date to field must be a date after or equal to due date."]
    }


def test_an_empty_due_date_clears_it() -> None:
    assert read_due_date(received({"due_date": " "})) == (None, None)


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
