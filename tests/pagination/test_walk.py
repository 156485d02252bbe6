from __future__ import annotations

import gc
import itertools
import linecache
import random
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statuspro import (
    APIConnectionError,
    InvalidResponseError,
    NotFoundError,
    RateLimit,
    ServerError,
    StatusProClient,
    TruncatedListWarning,
    iter_order_pages,
    iter_orders,
    list_orders,
    paginate,
)
from statuspro.pagination.walk import Walk
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from statuspro.sandbox.faults import Answer, Pause
from statuspro.sandbox.messages import Record, Response
from tests.support.lists import (
    MovingList,
    Pages,
    answer_each,
    answered_out_of_order,
    page_number,
    page_of,
)
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.waits import note_waits


def local(orders: int, *, max_retries: int = 5, **keywords: Any) -> tuple[Sandbox, StatusProClient]:
    """A sandbox without sockets, and its client."""
    sandbox = Sandbox(orders)
    adapter = sandbox.adapter(max_retries=max_retries)
    return sandbox, sandbox.client(adapter=adapter, **keywords)


def ids_of(items: Iterable[Any]) -> list[int]:
    return [item["id"] for item in items]


def pages_read(sandbox: Sandbox) -> list[int]:
    return [int(record.query["page"][0]) for record in sandbox.requests]


# Arguments ------------------------------------------------------------------------------------


def test_nothing_is_sent_before_the_first_item() -> None:
    moving = MovingList(range(250))
    walk = paginate(moving.client, "/orders")
    assert moving.reads == []
    assert next(walk) == {"id": 249}
    assert moving.reads == [1]
    assert ids_of(itertools.islice(walk, 99)) == list(range(248, 149, -1))
    assert moving.reads == [1]
    assert ids_of(walk) == list(range(149, -1, -1))
    assert moving.reads == [1, 2, 3]


@pytest.mark.parametrize("iterate", [iter_orders, iter_order_pages])
@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"per_page": 0}, ValueError),
        ({"per_page": 1.5}, TypeError),
        ({"per_page": True}, TypeError),
        ({"max_items": -1}, ValueError),
        ({"max_items": "5"}, TypeError),
        ({"max_pages": 0}, ValueError),
        ({"max_pages": 2.0}, TypeError),
        ({"start_page": 0}, ValueError),
        ({"prefetch": -1}, ValueError),
        ({"prefetch": None}, TypeError),
        ({"has_status": "yes"}, TypeError),
        ({"status_code": 7}, TypeError),
        ({"page": 2}, TypeError),
    ],
)
def test_arguments_are_refused_at_the_call(
    iterate: Callable[..., Any], keywords: dict[str, Any], error: type[Exception]
) -> None:
    moving = MovingList(range(5))
    with pytest.raises(error, match=next(iter(keywords))):
        iterate(moving.client, **keywords)
    assert moving.reads == []


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


# Where a walk ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(("orders", "pages"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2)])
@pytest.mark.parametrize("prefetch", [0, 1, 4])
def test_a_list_that_stands_still_costs_its_pages(orders: int, pages: int, prefetch: int) -> None:
    moving = MovingList(range(orders))
    assert ids_of(paginate(moving.client, "/orders", prefetch=prefetch)) == moving.ids
    assert sorted(moving.reads) == list(range(1, pages + 1))


def test_the_end_is_told_by_meta_and_not_by_an_empty_page() -> None:
    def answer(number: int, per_page: int) -> Any:
        ids = [] if number in (2, 3) else [number]
        return page_of(ids, number, 5, per_page, 3)

    pages = Pages(answer)
    assert ids_of(paginate(pages.client, "/orders")) == [1, 4, 5]
    assert pages.reads == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("last_page", [0, 1])
def test_an_empty_list(last_page: int) -> None:
    pages = Pages(lambda number, per_page: page_of([], number, last_page, per_page, 0))
    assert list(paginate(pages.client, "/orders")) == []
    assert list_orders(pages.client)["meta"]["to"] == 0
    assert pages.reads == [1, 1]


def test_a_start_behind_the_end() -> None:
    moving = MovingList(range(5))
    assert list(paginate(moving.client, "/orders", start_page=7)) == []
    assert moving.reads == [7]


def test_a_service_that_gives_less_than_it_was_asked_for() -> None:
    """As one does whose most is 15: what is on a page is then another thing from page 2 on."""
    ids = list(range(50))

    def answer(number: int, per_page: int) -> Any:
        most = min(per_page, 15)
        return page_of(ids[(number - 1) * most : number * most], number, 4, most, 50)

    pages = Pages(answer)
    assert ids_of(paginate(pages.client, "/orders")) == ids
    assert pages.reads == [1, 2, 3, 4]


@pytest.mark.parametrize("prefetch", [0, 3])
@pytest.mark.parametrize(
    ("max_items", "reads"), [(0, 0), (1, 1), (9, 1), (10, 1), (11, 2), (25, 3), (50, 5), (60, 5)]
)
def test_max_items(max_items: int, reads: int, prefetch: int) -> None:
    moving = MovingList(range(50))
    walk = paginate(
        moving.client, "/orders", per_page=10, max_items=max_items, prefetch=prefetch, max_pages=5
    )
    assert ids_of(walk) == moving.ids[:max_items]
    assert sorted(moving.reads) == list(range(1, reads + 1))


def test_max_items_that_are_reached_before_max_pages_do_not_warn() -> None:
    moving = MovingList(range(50))
    walk = paginate(moving.client, "/orders", per_page=10, max_items=20, max_pages=2)
    assert len(list(walk)) == 20


@pytest.mark.parametrize("prefetch", [0, 4])
def test_max_pages_ends_the_walk_with_both_numbers(prefetch: int) -> None:
    moving = MovingList(range(55))
    walk = paginate(moving.client, "/orders", per_page=10, max_pages=3, prefetch=prefetch)
    with pytest.warns(TruncatedListWarning, match=r"/orders.* 30 of 55; .*max_pages=3") as warned:
        assert ids_of(walk) == moving.ids[:30]
    assert [one.filename for one in warned] == [__file__]
    assert sorted(moving.reads) == [1, 2, 3]


def test_a_truncated_list_says_so_each_time_and_in_the_log_without_the_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    moving = MovingList(range(30))
    said = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        for _ in range(3):
            list(paginate(moving.client, "/orders?search=Ann", per_page=10, max_pages=2))
            said.append(len(warned))
    assert said == [1, 2, 3]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert all("20 of 30" in text and "Ann" not in text for text in caplog.messages)
    assert all("Ann" not in str(one.message) for one in warned)


@pytest.mark.parametrize("derive", [lambda client: client, lambda client: client.with_headers({})])
def test_a_write_of_the_client_or_of_a_derived_one_is_a_sign_of_movement(
    derive: Callable[[Any], Any],
) -> None:
    """The total stays as it was: one order leaves and another one enters below."""
    sandbox, client = local(0)
    ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(40)][::-1]
    walk = iter_orders(client, status_code=IN_PRODUCTION, per_page=10)
    found = ids_of(itertools.islice(walk, 10))
    derive(client).update_order_status(ids[3], SHIPPED)
    sandbox.set_status(ids[25], SHIPPED)
    sandbox.add_order(status_code=IN_PRODUCTION)
    sandbox.add_order(status_code=IN_PRODUCTION)
    found += ids_of(walk)
    assert set(ids) - {ids[3], ids[25]} <= set(found)
    assert [query["per_page"][0] != "10" for query in queries(sandbox)][:2] == [False, True]


def queries(sandbox: Sandbox) -> list[Any]:
    return [record.query for record in sandbox.requests if record.method == "GET"]


def test_a_truncated_list_can_be_an_error() -> None:
    moving = MovingList(range(30))
    with warnings.catch_warnings():
        warnings.simplefilter("error", TruncatedListWarning)
        with pytest.raises(TruncatedListWarning, match="10 of 30"):
            list_orders(moving.client, per_page=10, max_pages=1)


def test_the_clients_own_max_pages() -> None:
    moving = MovingList(range(1005))
    client = moving.client
    assert client.max_pages == 100
    client.max_pages = 2
    with pytest.warns(TruncatedListWarning, match="200 of 1005"):
        list_orders(client)
    assert len(list_orders(client, max_pages=11)["data"]) == 1005


def test_a_service_that_gives_less_and_whose_list_falls() -> None:
    moving = MovingList(range(100))
    good = moving._answer
    moving._answer = lambda number, per_page: good(number, min(per_page, 15))
    moving.at(4, lambda: moving.remove(*range(80, 100)))
    assert sorted(ids_of(paginate(moving.client, "/orders"))) == list(range(100))


def test_an_item_that_is_twice_on_a_page_comes_once() -> None:
    pages = Pages(lambda number, per_page: page_of([1, 2, 1, 3, 3], number, 1, per_page, 5))
    assert ids_of(paginate(pages.client, "/orders")) == [1, 2, 3]


def test_max_pages_that_are_all_the_pages_do_not_warn() -> None:
    moving = MovingList(range(30))
    assert len(list(paginate(moving.client, "/orders", per_page=10, max_pages=3))) == 30


def test_a_start_behind_max_pages_sends_nothing_and_says_so() -> None:
    moving = MovingList(range(30))
    with pytest.warns(TruncatedListWarning, match="max_pages=2"):
        assert list(paginate(moving.client, "/orders", start_page=3, max_pages=2)) == []
    assert moving.reads == []


def test_ten_thousand_and_fifty_orders() -> None:
    sandbox, client = local(10_050)
    with pytest.warns(TruncatedListWarning, match="10000 of 10050"):
        shortened = list_orders(client)
    assert len(shortened["data"]) == 10_000
    assert (shortened["meta"]["to"], shortened["meta"]["total"]) == (10_000, 10_050)
    assert len(sandbox.requests) == 100
    orders = list_orders(client, max_pages=200)
    assert len(sandbox.requests) == 100 + 101
    assert len(set(ids_of(orders["data"]))) == 10_050
    assert (orders["meta"]["to"], orders["meta"]["total"]) == (10_050, 10_050)


# Lists that have no end -----------------------------------------------------------------------


@pytest.mark.parametrize("prefetch", [0, 1, 4])
@pytest.mark.parametrize("per_page", [1, 100])
@pytest.mark.parametrize("last_page", [2, 3, 10**6])
def test_a_service_that_ignores_the_page(last_page: int, per_page: int, prefetch: int) -> None:
    pages = Pages(
        lambda number, per_page: page_of(
            range(per_page), number, last_page, per_page, last_page * 100
        )
    )
    with pytest.raises((InvalidResponseError, TruncatedListWarning)):
        list(paginate(pages.client, "/orders", per_page=per_page, prefetch=prefetch))
    assert len(pages.reads) <= 20 + 3 * prefetch


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_service_that_ignores_the_page_while_the_list_grows(prefetch: int) -> None:
    """Each read shows an order more, so the walk goes on until it has read too much."""
    newest = itertools.count(100)

    def answer(number: int, per_page: int) -> Any:
        last = next(newest)
        return page_of(range(last, last - 100, -1), 1, 5, per_page, 400 + last)

    with pytest.warns(TruncatedListWarning, match="moved too much"):
        list(paginate(Pages(answer).client, "/orders", prefetch=prefetch))


def test_items_without_ids_that_move_or_repeat_themselves_end_in_the_warning() -> None:
    def different(number: int, per_page: int) -> Any:
        return {"data": [{"code": number}], "meta": {"last_page": 3, "total": 3}}

    def moving(number: int, per_page: int) -> Any:
        return {"data": [{"code": number}], "meta": {"last_page": 3, "total": 10 - number}}

    def the_same(number: int, per_page: int) -> Any:
        return {"data": [{"code": 1}], "meta": {"last_page": 3}}

    found = [{"code": 1}, {"code": 2}, {"code": 3}]
    pages = Pages(different)
    assert list(paginate(pages.client, "/statuses")) == found
    assert pages.reads == [1, 2, 3]
    for answer in (moving, the_same):
        with pytest.warns(TruncatedListWarning, match="without an id"):
            assert len(list(paginate(Pages(answer).client, "/statuses"))) == 3


@pytest.mark.parametrize("prefetch", [0, 4])
@pytest.mark.parametrize("grows", [False, True])
def test_a_last_page_that_runs_away_ends_at_max_pages(grows: bool, prefetch: int) -> None:
    """As long as there is something new it is believed."""

    def answer(number: int, per_page: int) -> Any:
        ids = range(number * per_page, number * per_page + per_page)
        total = number * per_page + 100 if grows else 10**6
        return page_of(ids, number, number + 1, per_page, total)

    walk = paginate(Pages(answer).client, "/orders", prefetch=prefetch, max_pages=30)
    with pytest.warns(TruncatedListWarning, match="max_pages=30|moved too much"):
        assert len(list(walk)) > 2700


def test_empty_pages_without_end() -> None:
    pages = Pages(lambda number, per_page: page_of([], number, 10**9, per_page, 10**11))
    with pytest.raises(InvalidResponseError, match="nothing new"):
        list(paginate(pages.client, "/orders", max_pages=10**6))
    assert len(pages.reads) == 10


def test_pages_in_a_circle() -> None:
    def answer(number: int, per_page: int) -> Any:
        first = number % 3 * 100
        return page_of(range(first, first + per_page), number, number + 1, per_page, 300)

    with pytest.raises(InvalidResponseError, match="nothing new"):
        list(paginate(Pages(answer).client, "/orders"))


def test_empty_pages_up_to_the_end() -> None:
    pages = Pages(lambda number, per_page: page_of([7] * (number == 1), number, 11, per_page, 1))
    assert ids_of(paginate(pages.client, "/orders")) == [7]
    assert len(pages.reads) == 11


def test_a_page_that_comes_once_more_because_the_list_grew_by_one() -> None:
    moving = MovingList(range(0, 50, 10))
    moving.at(2, partial(moving.add_on_top, 2))
    found = ids_of(paginate(moving.client, "/orders", per_page=2))
    assert moving.constant <= set(found)
    assert len(found) == len(set(found))


def test_a_pages_worth_of_arrivals_and_departures_in_one_gap_is_no_error() -> None:
    moving = MovingList(range(0, 400, 10))

    def swap() -> None:
        moving.add_on_top(10)
        moving.remove(*moving.ids[-10:])

    moving.at(2, swap)
    assert moving.constant <= set(ids_of(paginate(moving.client, "/orders", per_page=10)))


def test_pages_fed_from_below_the_cursor_are_no_error() -> None:
    moving = MovingList(range(0, 1000, 10))
    left = iter(range(30))

    def feed() -> None:
        if next(left, None) is not None:
            for one in range(10):
                moving.insert(one * 10 - 5 - 100 * len(moving.reads))

    moving.before_read = feed
    assert moving.constant <= set(ids_of(paginate(moving.client, "/orders", per_page=10)))


def test_the_smallest_list_that_was_skipped_without_a_word() -> None:
    moving = MovingList([400, 300, 200, 100])

    def move() -> None:
        if len(moving.reads) == 2:
            moving.remove(300)
        elif len(moving.reads) == 3:
            moving.remove(100)
            moving.add_on_top()

    moving.before_read = move
    assert 200 in ids_of(paginate(moving.client, "/orders", per_page=2))


def test_a_list_that_grows_by_more_than_a_page_with_every_page() -> None:
    moving = MovingList(range(0, 10 * 100, 10))
    left = iter([moving.add_on_top] * 30)
    moving.before_read = lambda: next(left, lambda count: None)(7)
    walk = paginate(moving.client, "/orders", per_page=5)
    found = ids_of(walk)
    assert moving.constant <= set(found)
    assert len(found) == len(set(found))


def test_totals_that_make_no_sense_end_in_the_warning() -> None:
    totals = itertools.cycle([10**11, 0])

    def answer(number: int, per_page: int) -> Any:
        return page_of(range(number * 100), number, 10**9, per_page, next(totals))

    pages = Pages(answer)
    with pytest.warns(TruncatedListWarning, match="moved too much|max_pages"):
        list(paginate(pages.client, "/orders"))
    assert len(pages.reads) < 1000


# Pages that are none --------------------------------------------------------------------------

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


# Interruptions --------------------------------------------------------------------------------


def collect(found: list[int], items: Iterable[Any]) -> None:
    """Puts the ids into the list as they come, so that those before an error are kept."""
    for item in items:
        found.append(item["id"])  # noqa: PERF401


def failing_at(sandbox: Sandbox, number: int, times: int, status: int = 500) -> None:
    """The first reads of one page fail."""
    failures = itertools.count(1)

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        if page_number(record) == number and next(failures) <= times:
            return Response.of_json(status, {"message": "out of order"})
        return answer()

    answer_each(sandbox, respond)


@pytest.mark.parametrize("prefetch", [0, 1, 4])
def test_an_error_in_mid_walk_says_where_to_go_on(
    monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    note_waits(monkeypatch)
    sandbox, client = local(100, max_retries=2)
    failing_at(sandbox, 4, times=3)
    found: list[int] = []
    with pytest.raises(ServerError, match="out of order") as caught:
        collect(found, iter_orders(client, per_page=10, prefetch=prefetch))
    assert len(found) == 30
    assert caught.value.page == 4
    reads = [page_number(record) for record in sandbox.requests]
    assert [reads.count(page) for page in (1, 2, 3, 4)] == [1, 1, 1, 3]
    collect(found, iter_orders(client, per_page=10, start_page=4, prefetch=prefetch))
    assert found == ids_of(list_orders(client)["data"])


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_retry_asks_for_the_failed_page_only(
    monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    waits = note_waits(monkeypatch)
    sandbox, client = local(100)
    failing_at(sandbox, 6, times=2, status=503)
    assert len(ids_of(iter_orders(client, per_page=10, prefetch=prefetch))) == 100
    reads = sorted(page_number(record) for record in sandbox.requests)
    assert reads == [1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10]
    assert len(waits) == (2 if prefetch == 0 else 0)  # threads wait otherwise, to be ended any time


def test_an_error_on_the_first_page() -> None:
    sandbox, client = local(30, max_retries=0)
    sandbox.fail(404)
    with pytest.raises(NotFoundError) as caught:
        list_orders(client, per_page=10)
    assert caught.value.page == 1
    sandbox.drop()
    with pytest.raises(APIConnectionError) as dropped:
        next(iter_order_pages(client, start_page=3, per_page=10))
    assert dropped.value.page == 3


def test_a_page_that_cannot_be_used_says_where_to_go_on() -> None:
    moving = MovingList(range(50))
    good = moving._answer
    moving._answer = lambda number, per_page: good(number, per_page) if number != 3 else {}
    found: list[int] = []
    with pytest.raises(InvalidResponseError) as caught:
        collect(found, paginate(moving.client, "/orders", per_page=10))
    assert (len(found), caught.value.page) == (20, 3)


def test_an_error_of_the_loop_itself_has_no_page() -> None:
    walk = paginate(MovingList(range(50)).client, "/orders", per_page=10)
    error = NotFoundError()
    with suppress(NotFoundError):
        for _ in walk:
            raise error
    assert error.page is None


# Lists that move ------------------------------------------------------------------------------


def test_orders_that_arrive_cost_a_page_more_and_no_warning() -> None:
    for arrivals in (1, 3, 10, 25):
        moving = MovingList(range(0, 3000, 10))
        moving.at(3, partial(moving.add_on_top, arrivals))
        found = ids_of(paginate(moving.client, "/orders", per_page=25))
        assert found == list(range(2990, -10, -10))
        assert len(moving.reads) <= 12 + 3


def test_orders_that_arrive_all_the_time() -> None:
    moving = MovingList(range(0, 3000, 10))
    moving.before_read = moving.add_on_top
    found = ids_of(paginate(moving.client, "/orders", per_page=25))
    assert found == list(range(2990, -10, -10))
    assert len(moving.reads) <= 12 + 3


@pytest.mark.parametrize("prefetch", [1, 2, 4, 8])
def test_orders_that_arrive_while_pages_are_fetched_ahead(prefetch: int) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        moving = MovingList(range(0, 10_000, 10))
        moving.at(rng.randrange(2, 40), moving.add_on_top)
        with answered_out_of_order(lambda n, rng=rng: rng.choice([None, 0])):  # type: ignore[misc]
            found = ids_of(paginate(moving.client, "/orders", per_page=25, prefetch=prefetch))
        assert sorted(found, reverse=True) == sorted(moving.constant, reverse=True)
        assert len(moving.reads) <= 41 + 10 + 3 * prefetch


def test_an_order_that_leaves_pulls_no_other_past_the_reader() -> None:
    moving = MovingList(range(100))
    moving.at(4, partial(moving.remove, 99))
    found = ids_of(paginate(moving.client, "/orders", per_page=10))
    assert found == [*range(99, 69, -1), *range(68, 58, -1), 69, *range(58, -1, -1)]
    assert moving.reads[:4] == [1, 2, 3, 4]
    assert len(moving.reads) <= 11


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_list_that_moves_while_a_page_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    note_waits(monkeypatch)
    sandbox, client = local(100)
    ids = [order["id"] for order in list_orders(client)["data"]]
    failures = itertools.count(1)

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        if page_number(record) == 4 and next(failures) <= 2:
            answer()  # not of what the list is like now
            sandbox.remove_order(ids.pop(0))
            return Response.of_json(503, {"message": "out of order"})
        return answer()

    answer_each(sandbox, respond)
    found = ids_of(iter_orders(client, per_page=10, prefetch=prefetch))
    assert set(ids) <= set(found)
    assert len(found) == len(set(found))


def test_pages_have_what_was_not_on_an_earlier_one() -> None:
    moving = MovingList(range(40))
    moving.at(3, partial(moving.remove, 39))
    pages = list(Walk(moving.client, "/orders", per_page=10).pages())
    assert sorted(ids_of(item for page in pages for item in page["data"])) == list(range(40))
    assert all(page["data"] for page in pages)


def test_an_empty_page_is_a_page_but_not_one_that_is_read_again_in_vain() -> None:
    assert [page["data"] for page in iter_order_pages(MovingList([]).client)] == [[]]
    moving = MovingList(range(40))
    moving.at(3, partial(moving.remove, 0))  # far behind
    pages = list(iter_order_pages(moving.client, per_page=10))
    assert all(page["data"] for page in pages)
    assert len(pages) <= len(moving.reads)


@pytest.mark.parametrize("prefetch", [0, 1, 4])
@pytest.mark.parametrize("every", [1, 2, 3, 10])
def test_a_loop_that_moves_what_it_gets(every: int, prefetch: int) -> None:
    """Out of the filter, as an update of the status does."""
    moving = MovingList(range(3000))
    found = []
    for place, item in enumerate(paginate(moving.client, "/orders", prefetch=prefetch)):
        found.append(item["id"])
        if place % every == 0:
            moving.remove(item["id"])
    assert sorted(found) == list(range(3000))
    assert len(moving.reads) <= 10 + 4 * 30


@pytest.mark.parametrize("prefetch", [0, 4])
@pytest.mark.parametrize("every", [1, 3])
def test_the_loops_own_updates_on_the_service(every: int, prefetch: int) -> None:
    sandbox, client = local(0)
    ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(230)]
    found = []
    walk = iter_orders(client, status_code=IN_PRODUCTION, per_page=20, prefetch=prefetch)
    for place, order in enumerate(walk):
        found.append(order["id"])
        if place % every == 0:
            client.update_order_status(order["id"], SHIPPED)
    assert sorted(found) == sorted(ids)
    reads = [record for record in sandbox.requests if record.method == "GET"]
    assert len(reads) <= 10 + 4 * 12


def test_a_list_that_never_stands_still_ends_in_the_warning() -> None:
    moving = MovingList(range(1000))
    grows = itertools.cycle([True, False])
    moving.before_read = lambda: (
        moving.add_on_top(40) if next(grows) else moving.remove(*moving.ids[:40])
    )
    with pytest.warns(TruncatedListWarning, match=r"\d+ of \d+; it (moved|goes on)") as warned:
        found = ids_of(paginate(moving.client, "/orders", per_page=10))
    assert [one.filename for one in warned] == [__file__]
    assert len(found) == len(set(found))
    assert len(moving.reads) <= 1 + 100 + 10 + 6 * 104


def test_max_pages_bounds_the_number_and_not_what_is_read_again() -> None:
    moving = MovingList(range(100))
    found = []
    for item in paginate(moving.client, "/orders", per_page=10, max_pages=4):
        found.append(item["id"])
        moving.remove(item["id"])
    assert sorted(found) == list(range(100))


def test_has_status_on_a_list_that_moves() -> None:
    sandbox, client = local(0)
    for place in range(100):
        sandbox.add_order(status_code=IN_PRODUCTION if place % 3 else None)
    without = {o["id"] for o in iter_orders(client) if not o["status"]["is_set"]}
    assert len(without) == 34
    found = set()
    for order in iter_orders(client, has_status=False, per_page=10):
        found.add(order["id"])
        sandbox.remove_order(order["id"])
    assert found == without
    assert len(list(iter_orders(client, has_status=True))) == 66
    assert list(iter_orders(client, has_status=False)) == []


def test_has_status_counts_towards_max_items_only_what_is_wanted() -> None:
    sandbox, client = local(0)
    for place in range(60):
        sandbox.add_order(status_code=None if place % 10 else IN_PRODUCTION)
    found = list(iter_orders(client, has_status=True, max_items=4, per_page=10))
    assert len(found) == 4
    assert all(order["status"]["is_set"] for order in found)
    assert pages_read(sandbox) == [1, 2, 3, 4]
    pages = list(iter_order_pages(client, has_status=False, per_page=30))
    assert [len(page["data"]) for page in pages] == [27, 27]


# A gap between two reads: nothing, or orders that come in, or orders that leave. Both in one gap
# may leave the total as it was, and cannot be seen.
Gap = tuple[str, list[int]] | None
gaps: st.SearchStrategy[list[Gap]] = st.lists(
    st.none()
    | st.tuples(
        st.sampled_from(["come in", "leave"]), st.lists(st.integers(0, 70), min_size=1, max_size=3)
    ),
    max_size=24,
)


class Story:
    """What happens to a list between its reads."""

    def __init__(self, moving: MovingList, script: list[Gap]) -> None:
        self.moving = moving
        self.script = iter(script)
        self.has_moved = False

    def go_on(self) -> None:
        gap, has_moved = next(self.script, None), self.has_moved
        self.has_moved = False
        kind, places = gap or ("", [])
        for place in places:
            if kind == "leave" and self.moving.ids:
                self.moving.remove(self.moving.ids[place % len(self.moving.ids)])
            elif kind == "come in" and place > 60 and not has_moved:
                self.moving.add_on_top()
            elif kind == "come in" and not has_moved:
                self.moving.insert(place * 10 + 5)

    def move(self, one: int) -> None:
        """The loop's own doing, between the same reads as what comes next in the script."""
        if one in self.moving.ids:
            self.moving.remove(one)
            self.has_moved = True


@settings(max_examples=300, deadline=None)
@given(
    size=st.integers(0, 60),
    per_page=st.integers(1, 6),
    prefetch=st.sampled_from([0, 0, 1, 4, 4, 4]),
    script=gaps,
    order=st.lists(st.none() | st.integers(0, 3), max_size=40),
    own=st.sampled_from([0, 0, 0, 1, 2, 3]),
    start=st.integers(0, 8),
)
def test_each_order_that_stays_comes_once(
    size: int,
    per_page: int,
    prefetch: int,
    script: list[Gap],
    order: list[int | None],
    own: int,
    start: int,
) -> None:
    moving = MovingList(range(0, size * 10, 10))
    story = Story(moving, [*[None] * start, *script])
    moving.before_read = story.go_on
    choices = iter(order)
    found: list[int] = []
    with (
        warnings.catch_warnings(record=True) as warned,
        answered_out_of_order(lambda n: pick(next(choices, 0), n)),
    ):
        warnings.simplefilter("always")
        walk = paginate(moving.client, "/orders", per_page=per_page, prefetch=prefetch)
        for place, item in enumerate(walk):
            found.append(item["id"])
            if own and place % own == 0:
                story.move(item["id"])
    assert len(found) == len(set(found))
    assert moving.constant <= set(found) or warned


def pick(choice: int | None, among: int) -> int | None:
    """None, or one of so many; the last of them rather than the first."""
    return None if choice is None or not among else among - 1 - choice % among


@settings(max_examples=100, deadline=None)
@given(script=gaps, prefetch=st.sampled_from([0, 1, 4]), max_items=st.integers(0, 40))
def test_max_items_of_a_list_that_moves(script: list[Gap], prefetch: int, max_items: int) -> None:
    moving = MovingList(range(0, 400, 10))
    moving.before_read = Story(moving, script).go_on
    with answered_out_of_order(lambda n: n - 1), warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncatedListWarning)
        walk = paginate(
            moving.client, "/orders", per_page=5, prefetch=prefetch, max_items=max_items
        )
        found = ids_of(walk)
    assert len(found) == len(set(found))
    assert len(found) == max_items or (len(found) < max_items and moving.constant <= set(found))


@settings(max_examples=100, deadline=None)
@given(order=st.lists(st.none() | st.integers(0, 3), max_size=60), size=st.integers(0, 100))
def test_the_order_of_answers_costs_nothing_while_the_list_stands_still(
    order: list[int | None], size: int
) -> None:
    moving = MovingList(range(size))
    choices = iter(order)
    with answered_out_of_order(lambda n: pick(next(choices, 0), n)):
        found = ids_of(paginate(moving.client, "/orders", per_page=5, prefetch=4))
    assert found == moving.ids
    assert len(moving.reads) == max(1, -(-size // 5))


def test_a_loop_that_moves_what_it_gets_while_answers_come_out_of_order() -> None:
    for seed in range(40):
        rng = random.Random(seed)
        moving = MovingList(range(600))
        every, prefetch = rng.choice([1, 2, 3, 5, 20]), rng.choice([1, 2, 4, 8])
        found = []
        with answered_out_of_order(lambda n, rng=rng: rng.choice([None, *range(n)])):  # type: ignore[misc]
            walk = paginate(moving.client, "/orders", per_page=20, prefetch=prefetch)
            for place, item in enumerate(walk):
                found.append(item["id"])
                if place % every == 0:
                    moving.remove(item["id"])
        assert sorted(found) == list(range(600))
        assert len(moving.reads) <= 10 + 6 * 30


# Fetching ahead -------------------------------------------------------------------------------


Threads = Callable[[], set[threading.Thread]]


@pytest.fixture
def threads() -> Threads:
    """The threads that the test has started and that still run."""
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


def test_pages_fetched_ahead_come_in_order_and_not_too_many_at_a_time(threads: Threads) -> None:
    sandbox, client = local(300)
    rng, lock = random.Random(1), threading.Lock()
    under_way, most = [0], [0]

    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        pause(rng.uniform(0, 0.01))
        with lock:
            under_way[0] -= 1
        return answer()

    answer_each(sandbox, respond)
    found = ids_of(iter_orders(client, per_page=10, prefetch=4))
    assert found == sorted(found, reverse=True)
    assert len(found) == 300
    assert most[0] == 4
    assert sorted(pages_read(sandbox)) == list(range(1, 31))
    assert eventually(lambda: not threads())


def test_pages_are_fetched_while_the_caller_works() -> None:
    sandbox, client = local(100)
    walk = iter_orders(client, per_page=10, prefetch=3)
    next(walk)
    deadline = time.monotonic() + 10
    while len(sandbox.requests) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert sorted(pages_read(sandbox)) == [1, 2, 3, 4]
    walk.close()
    assert len(sandbox.requests) == 4


def test_no_thread_is_started_without_prefetch(threads: Threads) -> None:
    for _ in iter_orders(local(30)[1], per_page=10):
        assert not threads()


def fetching(threads: Threads) -> list[threading.Thread]:
    """Those of the threads that fetch ahead."""
    return [thread for thread in threads() if "run" in thread.name]


@pytest.mark.parametrize("end", ["close", "interrupt"])
def test_a_loop_that_is_left_does_not_wait_for_a_response_under_way(
    end: str, threads: Threads
) -> None:
    go_on, arrived = threading.Event(), threading.Event()
    with Sandbox(100) as sandbox, sandbox.client() as client:

        def respond(record: Record, answer: Answer, pause: Pause) -> Response:
            if page_number(record) > 1:
                arrived.set()
                go_on.wait(20)
            return answer()

        answer_each(sandbox, respond)
        walk = iter_orders(client, per_page=10, prefetch=2)
        next(walk)
        assert arrived.wait(10)
        began = time.monotonic()
        if end == "close":
            walk.close()
        else:
            with pytest.raises(KeyboardInterrupt), interrupted_in(0.05):
                list(walk)
        assert time.monotonic() - began < 2
        assert fetching(threads)
        go_on.set()
        assert eventually(lambda: not fetching(threads))


@contextmanager
def interrupted_in(seconds: float) -> Iterator[None]:
    """Raises what Ctrl-C does, so many seconds from now."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def slow(sandbox: Sandbox, seconds: float = 0.05) -> None:
    def respond(record: Record, answer: Answer, pause: Pause) -> Response:
        pause(seconds)
        return answer()

    answer_each(sandbox, respond)


def leave_by_break(walk: Any) -> None:
    for _ in walk:
        break
    walk.close()  # as the interpreter does where nobody else holds the iterator


def leave_by_error(walk: Any) -> None:
    with suppress(NotFoundError):
        for _ in walk:
            raise NotFoundError


def leave_by_losing_it(walk: Any) -> None:
    next(walk)
    del walk


def lose_it_in_a_cycle(walk: Any) -> None:
    next(walk)
    cycle = [walk]
    cycle.append(cycle)
    del walk, cycle
    gc.collect()


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_error, leave_by_losing_it, lose_it_in_a_cycle]
)
def test_no_thread_outlives_the_loop(leave: Callable[[Any], None], threads: Threads) -> None:
    sandbox, client = local(300)
    slow(sandbox)
    leave(iter_orders(client, per_page=10, prefetch=4))
    assert eventually(lambda: not threads())


def test_no_thread_outlives_a_loop_that_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch, threads: Threads
) -> None:
    note_waits(monkeypatch)
    sandbox, client = local(300, max_retries=0)
    failing_at(sandbox, 3, times=1)
    with pytest.raises(ServerError):
        list(iter_orders(client, per_page=10, prefetch=4))
    assert eventually(lambda: not threads())


def test_a_loop_that_is_left_does_not_wait_for_its_turn(threads: Threads) -> None:
    """What it would wait for here is a place in the rate budget, a minute from now."""
    limit = RateLimit(requests=1, bulk=1, period=60.0)
    with Sandbox(300) as sandbox, sandbox.client(rate_limit=limit, max_wait=1000) as client:
        walk = iter_orders(client, per_page=10, prefetch=4)
        assert len(list(itertools.islice(walk, 5))) == 5
        assert len(fetching(threads)) == 4
        walk.close()
        assert eventually(lambda: not fetching(threads))
        assert len(sandbox.requests) == 1


def test_prefetch_keeps_to_the_budget() -> None:
    with Sandbox(200, rate_limit=6, period=0.5) as sandbox, sandbox.client() as client:
        assert len(list(iter_orders(client, per_page=10, prefetch=8))) == 200
        assert (sandbox.refused, sandbox.counted) == (0, 20)


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_list_that_moves_behind_a_real_server(prefetch: int) -> None:
    with Sandbox(0) as sandbox, sandbox.client() as client:
        ids = [sandbox.add_order(status_code=IN_PRODUCTION) for _ in range(300)]
        sandbox.latency = (0.0, 0.004)
        lock, rng = threading.Lock(), random.Random(2)
        stay, came = set(ids), set()

        def move(record: Record) -> None:
            with lock:
                if rng.random() < 0.2 and len(sandbox.requests) < 60:
                    gone = rng.choice(sorted(stay))
                    stay.discard(gone)
                    sandbox.set_status(gone, SHIPPED)
                elif rng.random() < 0.2:
                    came.add(sandbox.add_order(status_code=IN_PRODUCTION))

        sandbox.on_request = move
        walk = iter_orders(client, status_code=IN_PRODUCTION, per_page=10, prefetch=prefetch)
        found = ids_of(walk)
    assert len(found) == len(set(found))
    assert stay <= set(found) <= set(ids) | came


ABANDONED = """
from unittest.mock import Mock as Silent
from statuspro import RateLimit
from statuspro.sandbox import Sandbox

sandbox = Sandbox(orders=500)
sandbox.start()
limit = RateLimit(requests=1, bulk=1, period=60.0)
client = sandbox.client(rate_limit=limit, max_wait=1000, logger=Silent())
walk = client.iter_orders(per_page=10, prefetch=4)
print(len([next(walk) for _ in range(5)]))
"""


def test_a_walk_that_is_forgotten_does_not_hold_up_the_interpreters_exit() -> None:
    """Its threads wait for the rate budget, a minute from now."""
    done = run_script(ABANDONED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


FORKED = """
import os, sys
from statuspro.sandbox import Sandbox

with Sandbox(orders=500) as sandbox:
    sandbox.latency = (0.0, 0.01)
    client = sandbox.client()
    whole = [order["id"] for order in client.iter_orders()]
    walk = client.iter_orders(per_page=10, prefetch=4)
    first = [next(walk)["id"] for _ in range(15)]
    child = os.fork()
    if child == 0:
        status = 1
        try:
            rest = [order["id"] for order in walk]
            afresh = [order["id"] for order in client.iter_orders(prefetch=2)]
            status = 0 if first + rest == whole == afresh else 2
        finally:
            os._exit(status)
    rest = [order["id"] for order in walk]
    assert first + rest == whole
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print("done")
"""


def test_a_walk_goes_on_in_a_forked_child_and_in_its_parent() -> None:
    # Python itself warns of forks while threads run.
    done = run_script(FORKED, "-W", "ignore::DeprecationWarning")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def run_script(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )


# What it keeps --------------------------------------------------------------------------------


@pytest.mark.parametrize("prefetch", [0, 2])
def test_of_what_was_read_only_the_ids_are_kept(prefetch: int) -> None:
    """300 pages of 100 kB each pass by."""
    padding = "x" * 10_000

    def answer(number: int, per_page: int) -> Any:
        page = page_of(range(number * 10, number * 10 + 10), number, 300, 10, 3000)
        for item in page["data"]:
            item["padding"] = padding + str(item["id"])
        return page

    walk = paginate(Pages(answer).client, "/orders", per_page=10, prefetch=prefetch, max_pages=300)
    tracemalloc.start()
    try:
        count = sum(1 for _ in walk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 3000
    assert peak < 4_000_000


# Parameters ----------------------------------------------------------------------------------


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


# What it says, and small print ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"data": None, "meta": {}}, "its data is not an array"),
        ({"data": [1], "meta": {}}, "its data is not an array of objects"),
        ({"data": [{"id": {}}], "meta": {}}, "an item's id is neither a number nor a string"),
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
    assert caught.value.message == (
        f"The service answered with a body that cannot be used: {reason}."
    )


def test_a_walk_from_the_middle_of_a_service_that_gives_less() -> None:
    """What is before the start is as many pages of the size that there is."""
    ids = list(range(60))

    def answer(number: int, per_page: int) -> Any:
        most = min(per_page, 15)
        return page_of(ids[(number - 1) * most : number * most], number, 4, most, 60)

    pages = Pages(answer)
    assert ids_of(paginate(pages.client, "/orders", start_page=3)) == ids[30:]
    assert pages.reads == [3, 4]


def test_only_the_first_page_says_how_many_there_are_on_a_page() -> None:
    ids = list(range(40))

    def answer(number: int, per_page: int) -> Any:
        page = page_of(ids[(number - 1) * 10 : number * 10], number, 4, 10, 40)
        page["meta"]["per_page"] = 10 if number == 1 else 1
        return page

    pages = Pages(answer)
    assert ids_of(paginate(pages.client, "/orders", per_page=10)) == ids
    assert pages.reads == [1, 2, 3, 4]


def test_every_argument_of_paginate_reaches_the_walk() -> None:
    client, walk_of = MovingList(range(3)).client, cast(Any, paginate)
    for name in ("per_page", "max_items", "max_pages", "start_page", "prefetch"):
        with pytest.raises(ValueError, match=f"^{name} must"):
            walk_of(client, "/orders", **{name: -1})


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


def test_a_list_that_is_read_whole_is_read_in_the_callers_thread() -> None:
    threads: set[threading.Thread] = set()

    def answer(number: int, per_page: int) -> Any:
        threads.add(threading.current_thread())
        return page_of([number], number, 3, 1, 3)

    assert list_orders(Pages(answer).client, per_page=1)["meta"]["total"] == 3
    assert threads == {threading.current_thread()}


def test_a_list_of_which_nothing_was_read_counts_nothing() -> None:
    assert list_orders(MovingList(range(3)).client, max_items=0)["meta"]["total"] == 0
