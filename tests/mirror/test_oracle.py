"""Orders move while they are mirrored, syncs are cut off: in the end the copy is the service's."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from statuspro import APIError, StatusProClient, TruncatedListWarning
from statuspro.mirror import Mirror
from tests.support.mirrors import CODES, Follower, MovingShop, assert_equal

SEEDS = 40

FILTERS: list[dict[str, Any]] = [
    {},
    {},
    {"exclude_cancelled": True},
    {"status_code": CODES[1]},
    {"due_date_from": "2026-03-02"},
    {"due_date_to": "2026-03-15", "exclude_cancelled": True},
    {"search": "a"},
    {"tags": ["rush"]},
]


class CutOffError(Exception):
    """The loop's own."""


class Night:
    """One sync under movement, which may be cut off."""

    def __init__(self, rng: random.Random, shop: MovingShop, client: StatusProClient) -> None:
        self._rng = rng
        self._shop = shop
        self._client = client

    def run(self, mirror: Mirror, follower: Follower, **arguments: Any) -> bool:
        """Whether it ran through."""
        rng, shop = self._rng, self._shop
        end = rng.choice(["raise", "break", "close", "interrupt", "fail", "none", "none", "none"])
        at = rng.randrange(30)
        if end == "interrupt":
            shop.interrupt_in = at
        elif end == "fail":
            shop.sandbox.fail(rng.choice([401, 404, 429, 500]), rng.randint(1, 5), path="/orders*")
        try:
            return self._loop(mirror, follower, end, at, **arguments)
        except (CutOffError, KeyboardInterrupt, APIError):
            return False
        finally:
            shop.interrupt_in = None
            shop.sandbox.clear_faults()

    def _loop(
        self, mirror: Mirror, follower: Follower, end: str, at: int, **arguments: Any
    ) -> bool:
        sync = mirror.sync(self._client, **arguments)
        for index, change in enumerate(sync):
            if change["kind"] == "gone":
                assert not self._shop.has(change["order"]["id"]) or end == "fail"
            if index == at and end in ("raise", "break", "close"):
                if end == "raise":
                    raise CutOffError
                if end == "close":
                    sync.close()
                return False
            follower.note(change)
        return True


def one_seed(
    seed: int,
    folder: Path,
    *,
    nights: Callable[[], AbstractContextManager[object]] = nullcontext,
    opened: Callable[[Path], AbstractContextManager[Any]] = Mirror,
) -> tuple[int, bool]:
    """How much has happened, and whether a walk was truncated."""
    rng = random.Random(seed)
    shop = MovingShop(rng, rng.choice([0, 4, 15, 40, 130]))
    filters, follower = rng.choice(FILTERS), Follower()
    client = shop.client(rng.choice([15, 20, 30, 100]))
    with opened(folder / f"{seed}.sqlite3") as mirror:
        with nights(), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", TruncatedListWarning)
            for _ in range(rng.randint(1, 5)):
                shop.most = rng.choice([0, 1, 1, 2, 5, 40])
                used = filters if rng.random() < 0.8 else rng.choice(FILTERS)
                history = rng.random() < 0.9
                Night(rng, shop, client).run(mirror, follower, history=history, **used)
        shop.most = 0
        for change in mirror.sync(client, **filters):
            assert change["kind"] != "gone" or not shop.has(change["order"]["id"])
            follower.note(change)
        ids = assert_equal(mirror, shop.sandbox, client, **filters)
        assert set(ids) <= follower.told
        for order_id in ids:
            assert_told(follower.orders[order_id], mirror.order(order_id))
        assert list(mirror.sync(client, **filters)) == []
    return shop.moves, bool(warned)


def assert_told(told: dict[str, Any], order: Any) -> None:
    """The last change said what is kept, as far as it was synchronised."""
    for name in told.keys() & order.keys():
        if name == "status":
            order[name].pop("translations", None)
            told[name].pop("translations", None)
        assert told[name] == order[name]


def test_the_copy_is_the_service_s_after_one_quiet_sync(tmp_path: Path) -> None:
    found = [one_seed(seed, tmp_path) for seed in range(SEEDS)]
    assert sum(moves for moves, _ in found) > 2_500


@contextmanager
def impatient() -> Iterator[None]:
    """Walks give up early where a list moves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("statuspro.pagination.walk._MOST_FOR_EACH_PAGE", 0)
        patch.setattr("statuspro.pagination.walk._MOST_OVERLAPPING", 2)
        yield


def test_a_truncated_walk_marks_nothing_gone_wrongly(tmp_path: Path) -> None:
    found = [one_seed(seed, tmp_path, nights=impatient) for seed in range(500, 520)]
    assert sum(is_truncated for _, is_truncated in found) > 1


@pytest.mark.limits
def test_the_same_thousands_of_times(tmp_path: Path) -> None:
    moves = sum(one_seed(seed, tmp_path)[0] for seed in range(1_000, 4_000))
    print(moves, "moves")
