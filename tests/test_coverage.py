from __future__ import annotations

import random

from statuspro.coverage import Coverage


def read(coverage: Coverage, page: int, total: int, per_page: int = 100) -> None:
    coverage.add((page - 1) * per_page, page * per_page, total)


def test_pages_in_a_row_are_covered_up_to_the_last() -> None:
    coverage = Coverage()
    for page in (1, 2, 3):
        read(coverage, page, 1000)
    assert coverage.end == 300


def test_where_the_list_fell_the_end_moves_back() -> None:
    coverage = Coverage()
    read(coverage, 1, 1000)
    read(coverage, 2, 999)
    assert coverage.end == 99


def test_a_page_that_is_read_again_joins_what_was_read_behind_it() -> None:
    coverage = Coverage()
    read(coverage, 1, 1000)
    read(coverage, 2, 999)
    read(coverage, 3, 999)
    read(coverage, 1, 999)
    assert coverage.end == 300


def test_a_page_that_is_read_again_counts_though_an_island_holds_it_already() -> None:
    coverage = Coverage()
    read(coverage, 1, 1001)
    read(coverage, 2, 1000)  # fell: not joined
    read(coverage, 1, 1001)  # rose again meanwhile: still not
    assert coverage.end == 100
    read(coverage, 2, 1001)
    assert coverage.end == 200


def test_reading_the_first_page_that_is_missing_always_ends() -> None:
    """As a walk does it, over a list that moves at random for a while, then stands still."""
    for seed in range(500):
        random_ = random.Random(seed)
        coverage, total = Coverage(), random_.randrange(5, 60)
        for step in range(200):
            last = max(1, -(-total // 10))
            page = coverage.end // 10 + 1
            if page > last:
                break
            ahead = random_.choice([0, 0, 1, 2]) if step < 30 else 0
            read(coverage, min(page + ahead, last), total, 10)
            if step < 30:
                total = max(0, total + random_.choice([0, 0, 0, 1, -1, 12, -12]))
        else:
            raise AssertionError(f"the walk with seed {seed} does not end")
