"""What a walk over a list that moves costs, in requests: `python -m benchmarks.walks`."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from tests.support.moving import Shop, walk_over

#: Name, arrivals and departures in each gap, and which orders the loop itself moves (1 of so many).
CASES = [
    ("quiet", 0.0, 0.0, 0),
    ("one arrives or leaves in every fifth gap", 0.1, 0.1, 0),
    ("three arrive and three leave in each gap", 3.0, 3.0, 0),
    ("the loop moves every order", 1.0, 0.0, 1),
    ("the loop moves every 2nd order", 1.0, 0.0, 2),
    ("the loop moves every 10th order", 1.0, 0.0, 10),
    ("the loop moves every 50th order", 1.0, 0.0, 50),
]
SIZES = [1_000, 10_000, 100_000]


def mover(rng: random.Random, arrivals: float, departures: float) -> Callable[[Shop], None]:
    """So many orders arrive on top, and leave anywhere, in each gap on average."""

    def times(mean: float) -> int:
        return int(mean) + (rng.random() < mean % 1)

    def move(shop: Shop) -> None:
        for _ in range(times(arrivals)):
            shop.arrive(0)
        for _ in range(times(departures)):
            shop.leave(rng.randrange(len(shop.ids)))

    return move


def cost(orders: int, arrivals: float, departures: float, own: int, walks: int) -> float:
    """The requests of such walks, in terms of the list's pages."""
    reads = 0
    for seed in range(walks):
        shop = Shop(orders, mover(random.Random(seed), arrivals, departures))
        verdict = walk_over(shop, lambda place, one: bool(own) and place % own == 0)
        if verdict.is_silent_miss or verdict.doubled or verdict.error or verdict.warned:
            raise AssertionError(f"{orders} orders, seed {seed}: {verdict.error or 'missed'}")
        reads += verdict.reads
    return reads / walks / math.ceil(orders / 100)


def main() -> None:
    """Prints a line for each case."""
    for name, arrivals, departures, own in CASES:
        figures = [cost(size, arrivals, departures, own, 100_000 // size) for size in SIZES]
        print(f"{name:45}", *(f"{figure:6.2f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
