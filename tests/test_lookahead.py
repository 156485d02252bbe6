from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest
import requests

from statuspro.calls import Call, CallSettings, Cancelled
from statuspro.lookahead import Lookahead
from tests.servers import eventually


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
    assert set(threading.enumerate()) <= before
    with pytest.raises(Cancelled):
        lookahead.next_answer()


def test_close_waits_for_what_is_under_way() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def fetch(question: object) -> None:
        go_on.wait(10)
        time.sleep(0.02)
        ended.set()

    lookahead = Lookahead(fetch, 1)
    lookahead.ask("?")
    go_on.set()
    lookahead.close()
    assert ended.is_set()
    lookahead.close()  # again, which does nothing


def test_threads_that_have_ended_are_not_kept() -> None:
    lookahead = Lookahead(double, 2)
    for question in range(50):
        lookahead.ask(question)
        lookahead.next_answer()
    assert eventually(lambda: sum(thread.is_alive() for thread in lookahead._threads) == 0)
    assert len(lookahead._threads) < 10
    lookahead.close()


def test_a_thread_of_its_own_may_close_it() -> None:
    """As the garbage collector does, which runs in any thread."""
    asked = threading.Event()

    def fetch(question: str) -> bool:
        asked.wait(10)
        lookahead.close()
        return threading.current_thread() in lookahead._threads

    lookahead: Lookahead[str, bool] = Lookahead(fetch, 1)
    lookahead.ask("?")
    asked.set()
    assert lookahead.next_answer() == ("?", True)
    lookahead.close()


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


def test_at_the_interpreters_end_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    lookahead: Lookahead[str, bool] = Lookahead(lambda question: go_on.wait(10), 1)
    lookahead.ask("?")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "is_finalizing", lambda: True)
        lookahead.close()
    assert lookahead._threads[0].is_alive()
    go_on.set()
    lookahead.close()
    assert not lookahead._threads[0].is_alive()


def test_the_threads_do_not_hold_up_the_interpreters_exit() -> None:
    go_on = threading.Event()
    lookahead: Lookahead[str, bool] = Lookahead(lambda question: go_on.wait(10), 1)
    lookahead.ask("?")
    assert lookahead._threads[0].daemon
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
    lookahead.ask(1)
    lookahead.ask(2)
    parents_threads = lookahead._threads
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
    lookahead.ask("?")
    thread, cancelled = lookahead._threads[0], lookahead._cancelled
    lookahead._fetch = lambda question: None
    with monkeypatch.context() as patch:
        patch.setattr("statuspro.lookahead.check_fork", lookahead.renew_after_fork)
        assert lookahead.next_answer() == ("?", None)
    cancelled.set()
    thread.join()
    lookahead.close()
