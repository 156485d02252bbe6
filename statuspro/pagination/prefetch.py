"""Results in order, the next few of them fetched by threads meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from statuspro._forks import check_fork, renew_in_child
from statuspro._http.call import Cancellation, cancel_with

if TYPE_CHECKING:
    from concurrent.futures import Future

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Lookahead(Generic[Question, Answer]):
    """Answers questions in the order in which they were asked, some of them ahead of their turn.

    Each question has a thread of its own, so ask only as many ahead as should run at a time. The
    thread sees the context variables that the caller had when it asked.
    Without threads (`ahead=0`) a question is answered when its turn comes.

    Args:
        fetch: answers a question.
        ahead: how many questions may be under way while the caller works.
    """

    def __init__(self, fetch: Callable[[Question], Answer], ahead: int) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._asked: deque[tuple[Question, Future[Answer] | None]] = deque()
        self._cancellation = Cancellation()
        renew_in_child(self)

    def asked(self) -> list[Question]:
        """Lists the questions that wait for their turn."""
        return [question for question, _ in self._asked]

    def has_room(self) -> bool:
        """Says whether one more question may be asked."""
        return len(self._asked) < max(1, self._ahead)

    def ask(self, question: Question) -> None:
        """Starts to answer `question`."""
        future: Future[Answer] | None = None
        if self._ahead:
            from concurrent.futures import Future  # takes time, and only fetching ahead needs it

            future = Future()
            work = (_answer, self._fetch, question, future, self._cancellation)
            # Daemons: an iterator that was forgotten must not hold up the interpreter's exit.
            threading.Thread(target=copy_context().run, args=work, daemon=True).start()
        self._asked.append((question, future))

    def next_answer(self) -> tuple[Question, Answer]:
        """Gives the question whose turn it is and its answer; raises what answering it raised."""
        check_fork()
        question, future = self._asked.popleft()
        return question, self._fetch(question) if future is None else future.result()

    def close(self) -> None:
        """Ends what waits, and waits for nothing itself.

        The garbage collector calls it too, in any thread and whatever locks that thread holds. So
        it takes none. A thread whose response is under way ends when the response has come.
        """
        self._cancellation.set()

    def renew_after_fork(self) -> None:
        """Drops the threads, which no forked child has: it answers each question in turn."""
        self._asked = deque((question, None) for question, _ in self._asked)
        self._cancellation = Cancellation()


# Not a method: a thread that held the lookahead would keep a forgotten one from being collected.
def _answer(
    fetch: Callable[[Any], Any], asked: Any, future: Future[Any], end: Cancellation
) -> None:
    cancel_with(end)
    try:
        end.check()
        future.set_result(fetch(asked))
    except BaseException as error:
        future.set_exception(error)
