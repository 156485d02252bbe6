"""A walk over a list: where it begins and ends, what it costs, and where it can go on."""

from __future__ import annotations

import gc
import itertools
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, cast

import pytest

from statuspro import (
    APIConnectionError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
    TruncatedListWarning,
    iter_order_pages,
    iter_orders,
    list_orders,
    paginate,
)
from statuspro.pagination.walk import Walk
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from tests.support.lists import MovingList, Pages, failing_at, ids_of, local, page_number, page_of
from tests.support.waits import shorten_pauses

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
        assert [item["id"] for item in walk] == moving.ids[:30]
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


@pytest.mark.parametrize("moved", [False, True])
def test_items_without_ids_come_once_where_the_list_may_move(moved: bool) -> None:
    """A write of the client says so, or the caller of the walk; no read overlaps another."""

    def answer(number: int, per_page: int) -> Any:
        return {"data": [{"code": number}], "meta": {"last_page": 3, "total": 3}}

    pages = Pages(answer)
    client = pages.client
    walk = Walk(client, "/statuses", moved=moved).items()
    found = [next(walk)]
    if not moved:
        client.post("/statuses?page=9&per_page=1")
    with pytest.warns(TruncatedListWarning, match="without an id"):
        found += walk
    assert found == [{"code": 1}, {"code": 2}, {"code": 3}]
    assert pages.reads == ([1, 2, 3] if moved else [1, 9, 2, 3])


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


# Interruptions --------------------------------------------------------------------------------


def collect(found: list[int], items: Iterable[Any]) -> None:
    """Puts the ids into the list as they come, so that those before an error are kept."""
    for item in items:
        found.append(item["id"])  # noqa: PERF401


@pytest.mark.parametrize("prefetch", [0, 1, 4])
def test_an_error_in_mid_walk_says_where_to_go_on(
    waits: list[float], monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    shorten_pauses(monkeypatch, 0.01)  # of threads that fetch ahead
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
    waits: list[float], monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    shorten_pauses(monkeypatch, 0.01)  # of threads that fetch ahead
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


def test_no_page_is_kept_while_the_next_one_is_read() -> None:
    kept: list[int] = []

    def answer(number: int, per_page: int) -> Any:
        kept.append(sum(type(one) is dict and "held" in one for one in gc.get_objects()))
        page = page_of(range(number * 10, number * 10 + 10), number, 3, 10, 30)
        for item in page["data"]:
            item["held"] = []
        return page

    for _ in paginate(Pages(answer).client, "/orders", per_page=10):
        pass  # the loop itself has the last item of the page before
    assert kept == [0, 1, 1]


# What it says, and small print ----------------------------------------------------------------


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


def test_a_list_that_is_read_whole_is_read_in_the_callers_thread() -> None:
    threads: set[threading.Thread] = set()

    def answer(number: int, per_page: int) -> Any:
        threads.add(threading.current_thread())
        return page_of([number], number, 3, 1, 3)

    assert list_orders(Pages(answer).client, per_page=1)["meta"]["total"] == 3
    assert threads == {threading.current_thread()}


def test_a_list_of_which_nothing_was_read_counts_nothing() -> None:
    assert list_orders(MovingList(range(3)).client, max_items=0)["meta"]["total"] == 0
