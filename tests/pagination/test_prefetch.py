"""The lookahead: questions that are answered ahead of their turn, by threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
import requests

from statuspro._http.call import Call, CallSettings, Cancelled
from statuspro.pagination.prefetch import Lookahead
from tests.support.paths import ROOT
from tests.support.polling import eventually


def double(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_answers_come_in_the_order_of_the_questions(ahead: int) -> None:
    lookahead = Lookahead(double, ahead)
    answers = []
    questions = iter(range(20))
    while True:
        while lookahead.has_room() and (question := next(questions, None)) is not None:
            lookahead.ask(question)
        if not lookahead.asked():
            break
        answers.append(lookahead.next_answer())
    lookahead.close()
    assert answers == [(number, 2 * number) for number in range(20)]


@pytest.mark.parametrize(("ahead", "room"), [(0, 1), (1, 1), (4, 4)])
def test_room(ahead: int, room: int) -> None:
    lookahead = Lookahead(double, ahead)
    for question in range(room):
        assert lookahead.has_room()
        lookahead.ask(question)
    assert not lookahead.has_room()
    assert lookahead.asked() == list(range(room))
    lookahead.next_answer()
    assert lookahead.has_room()
    lookahead.close()


def test_without_threads_a_question_is_answered_when_its_turn_comes() -> None:
    threads: list[threading.Thread] = []
    lookahead: Lookahead[str, None] = Lookahead(
        lambda question: threads.append(threading.current_thread()), 0
    )
    lookahead.ask("?")
    assert threads == []
    lookahead.next_answer()
    assert threads == [threading.current_thread()]


def test_with_threads_it_is_answered_meanwhile_and_by_several_at_a_time() -> None:
    meeting = threading.Barrier(4)
    lookahead: Lookahead[int, int] = Lookahead(lambda question: meeting.wait(10), 3)
    for question in range(3):
        lookahead.ask(question)
    meeting.wait(10)  # they are all there, though nobody has asked for an answer
    assert sorted(lookahead.next_answer()[1] for _ in range(3)) != [0, 0, 0]
    lookahead.close()


@pytest.mark.parametrize("ahead", [0, 2])
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_what_a_question_raises_comes_at_its_turn(ahead: int, error: BaseException) -> None:
    def fetch(question: int) -> int:
        if question == 1:
            raise error
        return question

    lookahead = Lookahead(fetch, ahead)
    lookahead.ask(0)
    if ahead:
        lookahead.ask(1)
    assert lookahead.next_answer() == (0, 0)
    if not ahead:
        lookahead.ask(1)
    with pytest.raises(type(error)) as caught:
        lookahead.next_answer()
    assert caught.value is error
    lookahead.close()


def waiting(seconds: float) -> Callable[[object], None]:
    """Waits as a call does."""

    def fetch(question: object) -> None:
        request = requests.Request("GET", "http://127.0.0.1/").prepare()
        Call(request, CallSettings(), 1.0).sleep(seconds, "to see it end")

    return fetch


def test_close_ends_the_waits_of_calls_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    lookahead = Lookahead(waiting(100), 3)
    for question in range(3):
        lookahead.ask(question)
    assert len(set(threading.enumerate()) - before) == 3
    lookahead.close()
    assert eventually(lambda: set(threading.enumerate()) <= before)
    with pytest.raises(Cancelled):
        lookahead.next_answer()


def test_close_does_not_wait_for_what_is_under_way() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def fetch(question: object) -> None:
        go_on.wait(10)
        ended.set()

    lookahead = Lookahead(fetch, 1)
    lookahead.ask("?")
    lookahead.close()
    lookahead.close()  # again, which does nothing
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(10)


def test_what_is_asked_after_the_end_is_not_fetched() -> None:
    fetched: list[int] = []
    lookahead = Lookahead(fetched.append, 1)
    lookahead.close()
    lookahead.ask(1)
    with pytest.raises(Cancelled):
        lookahead.next_answer()
    assert fetched == []


def test_threads_that_have_ended_are_not_kept() -> None:
    before = set(threading.enumerate())
    lookahead = Lookahead(double, 2)
    for question in range(50):
        lookahead.ask(question)
        lookahead.next_answer()
    assert eventually(lambda: set(threading.enumerate()) <= before)
    lookahead.close()


def test_a_thread_of_its_own_may_close_it() -> None:
    """As the garbage collector does, which runs in any thread."""
    asked = threading.Event()

    def fetch(question: str) -> str:
        asked.wait(10)
        lookahead.close()
        return question

    lookahead: Lookahead[str, str] = Lookahead(fetch, 1)
    lookahead.ask("?")
    asked.set()
    assert lookahead.next_answer() == ("?", "?")


@pytest.mark.parametrize("ahead", [0, 2])
def test_threads_see_the_context_variables_of_the_caller_that_asked(ahead: int) -> None:
    request_id = ContextVar("request_id", default="none")

    def fetch(question: str) -> tuple[str, str]:
        return question, request_id.get()

    lookahead = Lookahead(fetch, ahead)
    answers = []
    for name in ("a", "b", "c"):
        request_id.set(name)
        lookahead.ask(name)
        answers.append(lookahead.next_answer()[1])
    assert answers == [("a", "a"), ("b", "b"), ("c", "c")]
    lookahead.close()


FORGOTTEN = """
import gc, os, sys, threading, time
from unittest.mock import Mock as Silent
from statuspro import RateLimit
from statuspro.sandbox import Sandbox
from statuspro.pacing.ledger import Ledger

take = Ledger.take

def take_and_collect(*args):
    gc.collect(0)  # as an allocation may do anywhere, also in a thread that holds the lock
    return take(*args)

Ledger.take = take_and_collect
sandbox = Sandbox(300)
sandbox.start()
client = sandbox.client(
    rate_limit=RateLimit(100_000, 100_000, 60.0),
    rate_limit_storage=sys.argv[1] or None,
    logger=Silent(),
)
stop = time.monotonic() + 0.5

def work():
    while time.monotonic() < stop:
        walk = client.iter_orders(per_page=5, prefetch=4)
        next(walk)
        cycle = [walk]
        cycle.append(cycle)

threads = [threading.Thread(target=work, daemon=True) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(max(0.1, stop + 20 - time.monotonic()))
print("stuck" if any(thread.is_alive() for thread in threads) else "done", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("storage", ["", "sqlite:///{}/budget.db"])
def test_forgotten_walks_are_collected_by_a_thread_that_holds_the_budgets_lock(
    storage: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGOTTEN, storage.format(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lookahead = Lookahead(double, 2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            lookahead.ask(1)
    assert lookahead.asked() == []
    lookahead.close()


def started_by(lookahead: Lookahead[Any, Any], *questions: object) -> list[threading.Thread]:
    """The threads that answer the questions."""
    before = set(threading.enumerate())
    for question in questions:
        lookahead.ask(question)
    return [thread for thread in threading.enumerate() if thread not in before]


def test_the_threads_do_not_hold_up_the_interpreters_exit() -> None:
    go_on = threading.Event()
    lookahead: Lookahead[str, bool] = Lookahead(lambda question: go_on.wait(10), 1)
    assert [thread.daemon for thread in started_by(lookahead, "?")] == [True]
    go_on.set()
    lookahead.close()


def test_in_a_forked_child_what_was_asked_is_answered_when_its_turn_comes() -> None:
    go_on = threading.Event()
    answered_in: list[threading.Thread] = []

    def fetch(question: int) -> int:
        go_on.wait(10)
        answered_in.append(threading.current_thread())
        return question

    lookahead = Lookahead(fetch, 2)
    parents_threads = started_by(lookahead, 1, 2)
    lookahead.renew_after_fork()  # there, they stand still
    go_on.set()
    for thread in parents_threads:
        thread.join()
    answered_in.clear()
    assert lookahead.asked() == [1, 2]
    assert [lookahead.next_answer(), lookahead.next_answer()] == [(1, 1), (2, 2)]
    assert answered_in == [threading.current_thread()] * 2
    lookahead.ask(3)
    assert lookahead.next_answer() == (3, 3)
    assert answered_in[2] is not threading.current_thread()
    lookahead.close()


def test_a_fork_without_hooks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    lookahead = Lookahead(waiting(100), 1)
    (thread,), cancellation = started_by(lookahead, "?"), lookahead._cancellation
    lookahead._fetch = lambda question: None
    with monkeypatch.context() as patch:
        patch.setattr("statuspro.pagination.prefetch.check_fork", lookahead.renew_after_fork)
        assert lookahead.next_answer() == ("?", None)
    cancellation.set()
    thread.join()
    lookahead.close()
