"""Reading a mirror: what the API would have shown, at no cost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from statuspro import StatusProClient
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from tests.support.forks import runs_in_fork
from tests.support.mirrors import DirectClient
from tests.support.paths import ROOT
from tests.support.processes import Process

NAMES = ["Ann Lee", "ANN-MARIE STRAẞE", "Zoë Ünal", "100% Wool", "a_b", "Örjan İnci", "ὈΔΥΣΣΕΎΣ"]


@pytest.fixture(scope="module")
def varied() -> Sandbox:
    """Orders whose customers have names that searches stumble over."""
    shop = Sandbox(orders=150, enforce_viable=False)
    rng = random.Random(3)
    for order_id in list(shop._store._ids):
        customer = shop.order(order_id).customer
        if rng.random() < 0.5:
            customer = customer._replace(name=rng.choice(NAMES))
        shop._store.change(order_id, customer=customer)
    return shop


@pytest.fixture(scope="module")
def caller(varied: Sandbox) -> Iterator[StatusProClient]:
    with varied.client(adapter=varied.adapter()) as client:
        yield client


@pytest.fixture(scope="module")
def full(
    varied: Sandbox, caller: StatusProClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mirror]:
    """A mirror of them."""
    with Mirror(tmp_path_factory.mktemp("full") / "orders.sqlite3") as mirror:
        list(mirror.sync(caller))
        yield mirror


def random_filters(rng: random.Random, shop: Sandbox) -> dict[str, Any]:
    def day() -> date:
        return date.today() + timedelta(days=rng.randint(-40, 40))

    order = shop.order(rng.choice(shop._store._ids))
    text = rng.choice([order.name, str(order.number), order.customer.name, order.customer.email])
    begin = rng.randrange(len(text))
    part = text[begin : begin + rng.randint(1, 6)]
    search = rng.choice(
        [part, part.upper(), part.casefold(), f" {part} ", "%", "_", "a_", "strasse"]
    )
    filters: dict[str, Any] = {}
    if rng.random() < 0.4 and search.strip():
        filters["search"] = search
    if rng.random() < 0.4:
        filters["status_code"] = rng.choice([order.status_code or "st000001", "st000002"])
    if rng.random() < 0.3:
        filters["due_date_from"] = rng.choice([day(), day().isoformat()])
    if rng.random() < 0.3:
        filters["due_date_to"] = rng.choice([day(), f"{day()}T00:00:00+00:00"])
    if rng.random() < 0.3:
        filters["has_status"] = rng.random() < 0.5
    return filters


def test_filters_find_what_the_service_finds(
    varied: Sandbox, full: Mirror, caller: StatusProClient
) -> None:
    rng, found = random.Random(11), 0
    for _ in range(300):
        filters = random_filters(rng, varied)
        orders = list(full.orders(**filters))
        assert orders == list(caller.iter_orders(**filters)), filters
        found += 0 < len(orders) < 150
    assert found > 100


def test_one_order(full: Mirror, caller: StatusProClient) -> None:
    order_id = next(full.orders())["id"]
    expected = caller.get_order(order_id)
    assert full.order(order_id) == full.order(str(order_id)) == expected
    assert full.history(order_id) == full.history(str(order_id)) == expected["history"]
    assert full.order(5) is None
    assert full.history(5) == []


def test_an_order_is_found_by_its_number_or_name(full: Mirror, caller: StatusProClient) -> None:
    order = caller.get_order(next(full.orders(has_status=True))["id"])
    number = order["order_number"]
    for given in (number, int(number), f"#{number}", f" {number} ", order["name"]):
        assert full.find(given) == order
    for given in (number[:-1], f"{number}0", "#", "%"):
        assert full.find(given) is None


def test_statuses_and_summary(varied: Sandbox, caller: StatusProClient, path: Path) -> None:
    with Mirror(path) as mirror:
        list(mirror.sync(caller, exclude_cancelled=True, history=False))
        summary, expected = mirror.summary(), caller.summarize_orders()
        assert mirror.statuses() == caller.get_statuses()
    assert summary == {**expected, "by_financial_status": {}, "by_fulfillment_status": {}}
    assert summary["without_status"]


def test_an_empty_mirror(mirror: Mirror) -> None:
    assert list(mirror.orders()) == []
    assert mirror.order(1) is None
    assert mirror.find(1) is None
    assert mirror.statuses() == []
    assert mirror.summary()["total"] == 0
    assert mirror.synced_at is None


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (methodcaller("order", "x"), ValueError),
        (methodcaller("order", True), TypeError),
        (methodcaller("history", 0), ValueError),
        (methodcaller("find", " "), ValueError),
        (methodcaller("find", None), TypeError),
        (methodcaller("orders", search=""), ValueError),
        (methodcaller("orders", has_status=1), TypeError),
        (methodcaller("orders", tags=["rush"]), TypeError),
        (methodcaller("orders", due_date_to="soon"), ValueError),
    ],
)
def test_wrong_arguments(mirror: Mirror, read: Any, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        read(mirror)


def test_many_orders_come_in_order(mirror: Mirror) -> None:
    shop = Sandbox(orders=1_203)
    list(mirror.sync(shop.client(adapter=shop.adapter()), history=False))
    ids = [order["id"] for order in mirror.orders()]
    assert ids == sorted(shop._store._ids, reverse=True)


def test_it_says_where_it_is(mirror: Mirror, path: Path) -> None:
    assert repr(mirror) == f"Mirror({str(path)!r})"
    assert mirror.path == str(path)


@pytest.mark.parametrize("name", ["ein %20 Spiegel?mode=memory#x.db", b"orders", ":memory:"])
def test_any_path_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: StatusProClient, name: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with Mirror(name) as mirror:
        list(mirror.sync(client, history=False))
    with Mirror(name) as mirror:
        assert len(list(mirror.orders())) == 25
    names = {os.fsdecode(name), f"{os.fsdecode(name)}-lock"}
    assert set(os.listdir(tmp_path)) == names


def test_closed_it_opens_again(mirror: Mirror, client: StatusProClient) -> None:
    mirror.close()
    list(mirror.sync(client, history=False))
    mirror.close()
    mirror.close()
    assert len(list(mirror.orders())) == 25


# Meanwhile

_READS = """
import sys
from statuspro.mirror import Mirror
with Mirror(sys.argv[1]) as mirror:
    for line in sys.stdin:
        print(len(list(mirror.orders())), flush=True)
"""


def test_another_process_reads_while_a_loop_goes_on(
    path: Path, mirror: Mirror, client: StatusProClient
) -> None:
    command = [sys.executable, "-c", _READS, str(path)]
    with Process[str](
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def read() -> int:
            print("read", file=reader.stdin, flush=True)
            assert reader.stdout is not None
            return int(reader.stdout.readline())

        for stored, _ in enumerate(mirror.sync(client)):
            assert read() == stored
        storage: Any = mirror._storage
        with storage._connection.transaction() as connection:
            connection.execute("DELETE FROM orders")
            assert read() == 25  # nothing is locked, nothing half done is seen
        assert read() == 0
        reader.stdin.close()


def test_threads_read_while_another_one_syncs(mirror: Mirror) -> None:
    shop = Sandbox(orders=120)
    ended = threading.Event()
    counts: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not ended.wait(0.001):
                counts.append(len(list(mirror.orders())))
                mirror.summary()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    list(mirror.sync(DirectClient(shop)))  # type: ignore[arg-type]
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(counts)) > 2
    assert len(list(mirror.orders())) == 120


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_reads_too(mirror: Mirror, client: StatusProClient) -> None:
    list(mirror.sync(client))

    def child() -> None:
        assert len(list(mirror.orders())) == 25
        client.add_order_comment(next(mirror.orders())["id"], "Cut")
        assert len(list(mirror.sync(client))) == 1

    assert runs_in_fork(child)
    assert len(list(mirror.orders())) == 25
    assert mirror.history(next(mirror.orders())["id"])[-1]["comment"] == "Cut"
