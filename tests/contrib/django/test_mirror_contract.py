"""What holds for a mirror in a file holds for one in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.contrib.django.conftest import empty
from tests.mirror import test_mirror as of_files
from tests.mirror import test_sync as syncs_of_files
from tests.mirror.conftest import client as client
from tests.mirror.conftest import shop as shop
from tests.mirror.test_mirror import caller as caller
from tests.mirror.test_mirror import varied as varied
from tests.mirror.test_oracle import one_seed
from tests.mirror.test_sync import ids as ids
from tests.mirror.test_sync import translated as translated
from tests.support.mirrors import DirectClient

#: They are about the file, its path, its lock or its connection; or they ask nothing of a storage
#: that other tests do not ask.
LEFT_OUT = {
    "test_a_deadline_is_raised_and_the_next_sync_goes_on",
    "test_a_forked_child_neither_holds_the_lock_nor_goes_on",
    "test_a_forked_child_reads_too",
    "test_a_night_costs_the_walk_and_the_changed_ones",
    "test_a_second_sync_is_refused_in_another_thread_and_through_a_link",
    "test_a_second_sync_of_a_file_is_refused",
    "test_a_sync_is_of_one_thread_at_a_time",
    "test_a_truncated_walk_asks_for_nothing_that_it_did_not_show",
    "test_a_truncated_walk_keeps_the_details_of_an_earlier_sync",
    "test_an_order_that_fails_does_not_stop_the_others",
    "test_another_process_reads_while_a_loop_goes_on",
    "test_any_path_is_a_file",
    "test_closed_it_opens_again",
    "test_ctrl_c_at_any_line_leaves_the_file_to_the_next_sync",
    "test_failures_that_are_not_in_a_row_end_nothing",
    "test_it_says_where_it_is",
    "test_many_orders_come_in_order",
    "test_statuses_and_summary",
    "test_threads_read_while_another_one_syncs",
    "test_wrong_arguments",
    "test_wrong_arguments_are_refused_at_once",
}


def contract_of(module: Any) -> Iterator[tuple[str, Callable[..., None]]]:
    """The tests of a module that are not left out."""
    for name, value in vars(module).items():
        if name.startswith("test_") and name not in LEFT_OUT:
            yield name, value


globals().update(contract_of(of_files))
globals().update(contract_of(syncs_of_files))


def test_what_is_left_out_is_there() -> None:
    assert LEFT_OUT - {*vars(of_files), *vars(syncs_of_files)} == set()


@pytest.fixture(scope="module")
def copied() -> Iterator[set[str]]:
    """The aliases of the databases that hold the orders of `full`."""
    copied: set[str] = set()
    yield copied
    for alias in copied:
        empty(alias)


@pytest.fixture
def alias(alias: str, copied: set[str]) -> str:
    """Each of the project's databases, without a row."""
    if alias in copied:
        empty(alias)
        copied.remove(alias)
    return alias


@pytest.fixture
def mirror(alias: str) -> Any:
    return database_mirror(alias)


def database_mirror(alias: str) -> Any:
    from statuspro.contrib.django.mirror import DatabaseMirror

    return DatabaseMirror(alias)


@pytest.fixture
def full(each_database: str, copied: set[str], varied: Sandbox) -> Any:
    """A mirror of the orders, for tests that only read."""
    mirror = database_mirror(each_database)
    if each_database not in copied:
        list(mirror.sync(DirectClient(varied)))
        copied.add(each_database)
    return mirror


def test_the_copy_is_the_service_s_after_one_quiet_sync_of_orders_that_moved(
    alias: str, mirror: Any, tmp_path: Path
) -> None:
    @contextmanager
    def opened(_: Path) -> Iterator[Any]:
        yield mirror
        empty(alias)

    moves = sum(one_seed(seed, tmp_path, opened=opened)[0] for seed in range(4))
    assert moves > 100
