from __future__ import annotations

import random

from statuspro.coverage import Coverage


class Reader:
    """Reads pages of 100 and says so; what is asked for together is under way together."""

    def __init__(self, end: int = 0) -> None:
        self.coverage = Coverage(end)
        self._asked = 0

    def read(self, page: int, total: int | None) -> int:
        return self.read_together((page, total))

    def read_together(self, *pages: tuple[int, int | None]) -> int:
        self._asked += len(pages)
        for page, total in pages:
            self.coverage.add((page - 1) * 100, page * 100, total, self._asked)
        return self.coverage.end


def test_nothing_is_read_in_the_beginning() -> None:
    assert Coverage().end == 0
    assert Coverage(300).end == 300
    assert Coverage().is_calm


def test_pages_in_a_row_are_covered_up_to_the_last() -> None:
    reader = Reader()
    assert [reader.read(page, 1000) for page in (1, 2, 3)] == [100, 200, 300]
    assert reader.coverage.is_calm


def test_a_total_that_is_not_told_moves_nothing() -> None:
    reader = Reader()
    assert [reader.read(1, 500), reader.read(2, None), reader.read(3, 500)] == [100, 200, 300]
    assert reader.coverage.is_calm


def test_where_the_list_grew_the_end_stays() -> None:
    reader = Reader()
    reader.read(1, 1000)
    assert reader.read(2, 1007) == 200
    assert (reader.coverage.rises, reader.coverage.falls) == (7, 0)
    assert not reader.coverage.is_calm
    assert reader.read(3, 1007) == 300
    assert reader.coverage.is_calm


def test_where_the_list_fell_the_end_moves_back() -> None:
    reader = Reader()
    reader.read(1, 1000)
    assert reader.read(2, 999) == 99
    assert not reader.coverage.is_calm
    assert (reader.coverage.rises, reader.coverage.falls) == (0, 1)


def test_the_end_is_never_before_the_list() -> None:
    reader = Reader()
    reader.read(1, 1000)
    assert reader.read(2, 10) == 0


def test_a_page_that_is_read_again_joins_what_was_read_behind_it() -> None:
    reader = Reader()
    reader.read(1, 1000)
    reader.read(2, 999)
    assert reader.read(1, 999) == 200
    assert reader.coverage.is_calm


def test_what_was_read_behind_a_gap_shrinks_with_the_list() -> None:
    reader = Reader()
    reader.read(1, 1000)
    reader.read(2, 970)
    assert reader.read(1, 950) == 180


def test_a_fall_is_not_made_good_by_a_later_rise() -> None:
    """The orders that slid up are above the border now, whatever came in below it."""
    reader = Reader()
    reader.read(1, 1000)
    reader.read(2, 1000)
    reader.read(4, 850)
    assert reader.coverage.end == 50
    assert reader.read(1, 1000) == 100


def test_what_was_read_before_the_list_grew_does_not_join_what_is_read_after() -> None:
    """Read backwards, orders that arrive slide past the border."""
    reader = Reader()
    reader.read(1, 1001)
    reader.read(2, 1000)
    assert reader.read(1, 1001) == 100
    assert not reader.coverage.is_calm
    assert reader.read(2, 1001) == 200
    assert reader.coverage.is_calm


def test_positions_before_the_start_count_as_read() -> None:
    reader = Reader(300)
    assert reader.read(4, 1000) == 400
    assert reader.read(5, 850) == 250


def test_the_order_of_pages_under_way_together_does_not_matter_while_nothing_moves() -> None:
    reader = Reader()
    reader.read(1, 1000)
    assert reader.read_together((2, 1000), (3, 1000), (4, 1000)) == 400
    assert reader.coverage.is_calm
    assert (reader.coverage.rises, reader.coverage.falls) == (0, 0)


def test_pages_under_way_together_that_saw_different_lists_do_not_count() -> None:
    reader = Reader()
    reader.read(1, 1000)
    reader.read_together((2, 1000), (3, 1001), (4, 1001))
    assert reader.coverage.end < 100
    assert not reader.coverage.is_calm
    reader.read(1, 1001)
    assert [reader.read(page, 1001) for page in (2, 3, 4)] == [200, 300, 400]


def test_a_page_counts_as_soon_as_no_other_can_have_been_before_it() -> None:
    coverage = Coverage()
    coverage.add(0, 100, 1000, 1)
    coverage.add(100, 200, 1000, 3)  # page 3 was under way with it
    coverage.add(200, 300, 1000, 4)  # and page 4 with page 3, but not with page 2
    coverage.add(300, 400, 1001, 4)
    assert coverage.end == 200 - 1


def test_a_page_is_in_doubt_as_long_as_one_before_it_is() -> None:
    coverage = Coverage()
    coverage.add(0, 100, 1000, 1)
    coverage.add(100, 200, 1000, 5)  # it came in last of these,
    coverage.add(200, 300, 1000, 3)  # and this one before page 4 was asked for
    coverage.add(300, 400, 1001, 4)
    assert coverage.end == 100 - 1


def test_what_was_in_doubt_stays_uncounted() -> None:
    coverage = Coverage()
    coverage.add(0, 100, 1000, 1)
    coverage.add(100, 200, 1000, 5)
    for page, total in ((3, 1001), (4, 1001), (5, 1001), (6, 1000)):
        coverage.add(page * 100 - 100, page * 100, total, 6)
    assert coverage.end == 100 - 4


def test_what_was_in_doubt_behind_a_gap_is_forgotten() -> None:
    reader = Reader()
    reader.read(1, 1000)
    reader.read_together((3, 1000), (4, 1000), (5, 1001))
    reader.read(1, 1001)
    assert reader.read(2, 1001) == 200
    assert reader.coverage.is_calm


def test_an_earlier_page_that_is_read_again_takes_nothing_back() -> None:
    reader = Reader()
    assert [reader.read(page, 1000) for page in (1, 2, 3, 1)] == [100, 200, 300, 300]


def test_reading_the_first_page_that_is_missing_always_ends() -> None:
    """As a walk does it, over a list that moves at random for a while, then stands still."""
    for seed in range(300):
        random_ = random.Random(seed)
        reader, total = Reader(), random_.randrange(50, 600)
        for step in range(200):
            last = max(1, -(-total // 100))
            page = reader.coverage.end // 100 + 1
            if page > last:
                break
            together = random_.choice([1, 1, 2, 4]) if step < 30 else 1
            reads = []
            for number in range(page, min(page + together, last + 1)):
                reads.append((number, total))
                if step < 30:
                    total = max(0, total + random_.choice([0, 0, 0, 10, -10, 120, -120]))
            reader.read_together(*reads)
        else:
            raise AssertionError(f"the walk with seed {seed} does not end")
