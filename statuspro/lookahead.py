"""Answers in order, the next few of them fetched by threads meanwhile."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from statuspro.calls import cancel_with
from statuspro.forks import check_fork, renew_in_child

if TYPE_CHECKING:
    from concurrent.futures import Future

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Lookahead(Generic[Question, Answer]):
    """First asked, first answered.

    Each question has a thread of its own, so ask only as many ahead as should run at a time.
    Without threads (`ahead=0`) a question is answered when its turn comes.

    Args:
        fetch: answers a question.
        ahead: how many questions may be under way while the caller works.
    """

    def __init__(self, fetch: Callable[[Question], Answer], ahead: int) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._asked: deque[tuple[Question, Future[Answer] | None]] = deque()
        self._threads: list[threading.Thread] = []
        self._cancelled = threading.Event()
        renew_in_child(self)

    def asked(self) -> list[Question]:
        """The questions that wait for their turn."""
        return [question for question, _ in self._asked]

    def has_room(self) -> bool:
        """Whether one more question may be asked."""
        return len(self._asked) < max(1, self._ahead)

    def ask(self, question: Question) -> None:
        """Starts to answer `question`."""
        future: Future[Answer] | None = None
        if self._ahead:
            from concurrent.futures import Future  # only for who fetches ahead: it takes time

            future = Future()
            # Daemons: an iterator that somebody forgot must not hold up the interpreter's exit.
            thread = threading.Thread(target=self._run, args=(question, future), daemon=True)
            thread.start()
            self._threads = [thread, *(old for old in self._threads if old.is_alive())]
        self._asked.append((question, future))

    def next_answer(self) -> tuple[Question, Answer]:
        """The question whose turn it is and its answer; raises what answering it raised."""
        check_fork()
        question, future = self._asked.popleft()
        return question, self._fetch(question) if future is None else future.result()

    def close(self) -> None:
        """Ends what waits and returns when no thread runs any more."""
        if sys.is_finalizing():  # threads stand still now, and would be waited for for ever
            return
        self._cancelled.set()
        for thread in self._threads:
            if thread is not threading.current_thread():  # which may collect our garbage
                thread.join()

    def renew_after_fork(self) -> None:
        """In a forked child no thread goes on: what was asked is answered when its turn comes."""
        self._asked = deque((question, None) for question, _ in self._asked)
        self._threads = []
        self._cancelled = threading.Event()

    def _run(self, question: Question, future: Future[Answer]) -> None:
        cancel_with(self._cancelled)
        try:
            future.set_result(self._fetch(question))
        except BaseException as error:
            future.set_exception(error)
