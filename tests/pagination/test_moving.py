"""Walks over lists that move between two reads, by others and by the loop itself."""

from __future__ import annotations

import itertools
import random
import threading
import warnings
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from statuspro import TruncatedListWarning, iter_order_pages, iter_orders, list_orders, paginate
from statuspro.pagination.walk import Walk
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from statuspro.sandbox.faults import Answer, Pause
from statuspro.sandbox.messages import Record, Response
from tests.support.lists import (
    MovingList,
    answer_each,
    answered_out_of_order,
    ids_of,
    local,
    page_number,
    pages_read,
)
from tests.support.waits import shorten_pauses


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
    waits: list[float], monkeypatch: pytest.MonkeyPatch, prefetch: int
) -> None:
    shorten_pauses(monkeypatch, 0.01)  # of threads that fetch ahead
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
        found = [item["id"] for item in paginate(moving.client, "/orders", per_page=10)]
    assert [one.filename for one in warned] == [__file__]
    assert len(found) == len(set(found))
    assert len(moving.reads) <= 1 + 100 + 10 + 6 * 104


def test_max_pages_bounds_overlapping_reads_too() -> None:
    moving = MovingList(range(0, 1000, 10))
    moving.at(3, moving.add_on_top)
    with pytest.warns(TruncatedListWarning, match=r"max_pages=4"):
        found = ids_of(paginate(moving.client, "/orders", per_page=10, max_pages=4))
    assert found == moving.ids[1:40]


def test_a_total_that_proves_wrong_has_the_list_read_once_more() -> None:
    """It never changes, so nothing shows that an order slid up, from page 2 to page 1."""
    moving = MovingList(range(30))
    good = moving._answer

    def answer(number: int, per_page: int) -> Any:
        page = good(number, per_page)
        page["meta"]["total"] = 30
        return page

    moving._answer = answer
    moving.at(2, partial(moving.remove, 29))
    found = ids_of(paginate(moving.client, "/orders", per_page=10))
    assert sorted(found) == list(range(30))


@pytest.mark.parametrize(("every", "reads"), [(1, 13), (2, 17), (10, 17)])
def test_what_a_loop_costs_that_moves_what_it_gets(every: int, reads: int) -> None:
    """The total says how far the list has fallen, and so where to go on."""
    moving = MovingList(range(1000))
    for place, item in enumerate(paginate(moving.client, "/orders")):
        if place % every == 0:
            moving.remove(item["id"])
    assert len(moving.reads) <= reads


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


# Two come in below and two leave above, and a page under way behind the others shows it first.
@example(
    size=16,
    per_page=3,
    prefetch=4,
    script=[("come in", [0, 1]), ("leave", [0, 0])],
    order=[0, None, 0, 1],
    own=0,
    start=3,
)
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
