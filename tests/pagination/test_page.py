"""One page of a list: its size, its parameters, and what is refused of what came."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from statuspro import InvalidResponseError, iter_order_pages, iter_orders, list_orders, paginate
from tests.support.lists import MovingList, Pages, ids_of, local, pages_read


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize("form", [dict, lambda pairs: list(pairs)])
def test_paging_is_not_among_the_filters(name: str, form: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=name):
        paginate(MovingList([]).client, "/orders", form([("search", "x"), (name, 2)]))


def test_filters_are_sent_with_every_page() -> None:
    sandbox, client = local(5)
    params = [("tags[]", "a"), ("tags[]", "b"), ("exclude_cancelled", "true")]
    list(paginate(client, "/orders", iter(params), per_page=2))
    list(paginate(client, "/orders", {"exclude_cancelled": "true"}, per_page=2))
    assert sandbox.requests[0].query["tags[]"] == ["a", "b"]
    assert all(record.query["exclude_cancelled"] == ["true"] for record in sandbox.requests)
    assert pages_read(sandbox) == [1, 1, 2, 3]


@pytest.mark.parametrize(
    "call", [iter_orders, iter_order_pages, list_orders, partial(paginate, path="/orders")]
)
def test_more_than_the_service_gives_is_clamped_with_a_warning_at_the_callers_line(
    call: Callable[..., Any],
) -> None:
    moving = MovingList(range(150))
    with pytest.warns(UserWarning, match="per_page=101 .* 100") as warned:
        result = call(moving.client, per_page=101)
    assert len(result["data"] if isinstance(result, dict) else list(result)) in (2, 150)
    assert moving.reads == [1, 2]
    assert [(one.filename, line_of(one)) for one in warned] == [
        (__file__, "result = call(moving.client, per_page=101)")
    ]


def line_of(warned: warnings.WarningMessage) -> str:
    return linecache.getline(warned.filename, warned.lineno).strip()


def test_a_page_that_is_asked_for_alone_is_clamped_too() -> None:
    moving = MovingList(range(150))
    with pytest.warns(UserWarning, match="per_page=200") as warned:
        page = list_orders(moving.client, page=1, per_page=200)
    assert [one.filename for one in warned] == [__file__]
    assert len(page["data"]) == 100


ODD: list[Any] = [None, True, 1.5, -1, "", "x", "1.5", "-1", "9" * 5000, [], {}, [1]]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["last_page", "total", "per_page", "current_page", "from", "to"])
def test_wrong_types_in_meta(name: str, value: Any) -> None:
    """A typed error, or as if it were not there; what nobody needs is not looked at."""
    pages = Pages(
        lambda number, per_page: {
            "data": [{"id": number}],
            "meta": {"last_page": 2, "total": 2, "per_page": 1, "current_page": number}
            | {name: value},
        }
    )
    is_ignored = name in ("current_page", "from", "to")
    is_absent = value is None and name == "per_page"
    if is_ignored or is_absent:
        assert ids_of(paginate(pages.client, "/orders", per_page=1)) == [1, 2]
    elif name != "total" or value is not None:
        with pytest.raises(InvalidResponseError, match=name) as caught:
            list(paginate(pages.client, "/orders", per_page=1))
        assert caught.value.page == 1


def test_numbers_as_strings_are_numbers() -> None:
    meta = {"last_page": "2", "total": "3", "per_page": "2", "current_page": "1"}
    pages = Pages(
        lambda number, per_page: {
            "data": [{"id": n} for n in ((1, 2), (3,))[number - 1]],
            "meta": meta | {"current_page": str(number)},
        }
    )
    assert ids_of(paginate(pages.client, "/orders", per_page=2)) == [1, 2, 3]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"data": []},
        {"data": [], "meta": []},
        {"data": None, "meta": {"last_page": 1}},
        {"data": {}, "meta": {"last_page": 1}},
        {"data": [1], "meta": {"last_page": 1}},
        {"data": [None], "meta": {"last_page": 1}},
        {"data": [{"id": [1]}], "meta": {"last_page": 1}},
        {"data": [{"id": {}}], "meta": {"last_page": 1}},
        b"<html>",
        b"[" * 100_000,
        b'{"data": [], "meta": {"last_page": NaN}}',
        b"\xff",
        b"",
    ],
)
def test_what_is_no_page(body: Any) -> None:
    pages = Pages(lambda number, per_page: body)
    walk = paginate(pages.client, "/orders", start_page=3)
    with pytest.raises(InvalidResponseError) as caught:
        list(walk)
    assert caught.value.page == 3
    assert not caught.value.maybe_applied


def test_parameters_are_written_as_the_service_reads_them() -> None:
    sandbox, client = local(5)
    params = {"exclude_cancelled": True, "tags[]": ("a", "b"), "search": None}
    assert list(paginate(client, "/orders", params)) == []
    assert sandbox.requests[0].query == {
        "exclude_cancelled": ["true"],
        "tags[]": ["a", "b"],
        "page": ["1"],
        "per_page": ["100"],
    }


def test_a_clients_own_parameters_go_with_every_page() -> None:
    sandbox, client = local(5, params={"exclude_cancelled": "true"})
    list(iter_orders(client, per_page=2, tags=["none-has-it"]))
    query = sandbox.requests[0].query
    assert query["exclude_cancelled"] == ["true"]
    assert query["tags[]"] == ["none-has-it"]
    assert query["page"] == ["1"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"data": None, "meta": {}}, "its data is not an array"),
        ({"data": [1], "meta": {}}, "its data is not an array of objects"),
        ({"data": [{}, 1], "meta": {}}, "its data is not an array of objects"),
        ({"data": [{"id": {}}], "meta": {}}, "an item's id is neither a number nor a string"),
        ({"data": [{}, {"id": []}], "meta": {}}, "an item's id is neither a number nor a string"),
        ({"data": [], "meta": None}, "its meta is not an object"),
        ({"data": [], "meta": {}}, "its meta has no last_page"),
        (
            {"data": [], "meta": {"last_page": 1, "per_page": 0}},
            "its per_page is not a whole number from 1 on",
        ),
        (
            {"data": [], "meta": {"last_page": 1, "total": -1}},
            "its total is not a whole number from 0 on",
        ),
    ],
)
def test_a_refused_page_says_why(body: Any, reason: str) -> None:
    pages = Pages(lambda number, per_page: body)
    with pytest.raises(InvalidResponseError) as caught:
        list(paginate(pages.client, "/orders"))
    assert caught.value.message == (f"The service sent a body that cannot be used: {reason}.")


def test_parameters_go_with_every_page_as_the_service_writes_them() -> None:
    sandbox, client = local(3)
    params = {"search": "Ann", "tags[]": ["A", "B"], "exclude_cancelled": True, "status_code": None}
    list(paginate(client, "/orders?due_date_from=2026-02-10", params, per_page=7))
    assert sandbox.requests[0].query == {
        "due_date_from": ["2026-02-10"],
        "search": ["Ann"],
        "tags[]": ["A", "B"],
        "exclude_cancelled": ["true"],
        "page": ["1"],
        "per_page": ["7"],
    }
