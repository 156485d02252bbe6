"""The caller's own code: what hooks, `on_wait`, loggers, bodies and signal handlers raise.

requests and urllib3 take an `OSError` for a failure of the connection. The caller's code can raise
one too: a hook whose own request failed, a logger whose disk is full, a signal handler that ends a
call. Whether it came out of the caller's code is known from its traceback: it has passed one of the
few functions through which such code is called, or the frame of a signal handler.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any, TypeVar

from requests.hooks import dispatch_hook

from statuspro import _logging
from statuspro._kinds import is_iterator, is_tuple

T = TypeVar("T")

#: Bytes of a file's that are sent at a time.
_CHUNK = 2**16

#: Set on an exception that has got its note.
_MARK = "_statuspro_sent"

#: Of a code object: the function has `*args`.
_TAKES_ANY = 0x04


def call_back(function: Callable[..., T], /, *args: Any) -> T:
    """Calls a function of the caller's; :func:`of_the_caller` knows what it raises."""
    return function(*args)


_DOORS = frozenset(
    function.__code__
    for function in (call_back, dispatch_hook, _logging.log, logging.Logger.handle)
)


def watched(body: Any) -> Any:
    """Wraps a body that the caller's code makes as it is sent: what that raises is the caller's."""
    if hasattr(body, "read"):
        return _blocks(body)
    return _items(body) if is_iterator(body) else body


def _blocks(file: Any) -> Iterator[bytes]:
    is_text = isinstance(file, io.TextIOBase)
    while block := call_back(file.read, _CHUNK):
        yield block.encode() if is_text else block


def _items(items: Iterator[Any]) -> Iterator[Any]:
    with suppress(StopIteration):
        while True:
            yield call_back(next, items)


def of_the_caller(error: BaseException) -> BaseException | None:
    """Finds what the caller's own code raised: `error`, or what requests or urllib3 wrapped in it.

    Returns:
        The exception as it was raised; None where the caller's code had no part in it.
    """
    return next((each for each in _wrapped(error) if _door(each) is not None), None)


def of_a_hook(error: BaseException) -> bool:
    """Tells whether a hook raised `error`; requests calls hooks when the response has come."""
    return _door(error) is dispatch_hook.__code__


def note_sent(error: BaseException, request_line: str, outcome: str) -> None:
    """Notes on the caller's exception that a write had been sent before.

    Args:
        error: gets a note where Python has notes (3.11); :func:`sent_before` knows it everywhere.
        request_line: method and path of the write.
        outcome: what the service made of it, as a part of a sentence.
    """
    if sent_before(error):
        return
    with suppress(AttributeError, TypeError):  # an exception may refuse attributes
        setattr(error, _MARK, True)
        if sys.version_info >= (3, 11):
            error.add_note(f"Before this, {request_line} had been sent, {outcome}.")


def sent_before(error: BaseException) -> bool:
    """Tells whether a write had been sent before the caller's own code raised `error`."""
    return getattr(error, _MARK, False) is True


def _wrapped(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those it was made of, the innermost last; contexts say nothing."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        parts = (part for part in error.args if isinstance(part, BaseException))
        error = error.__cause__ or next(parts, None)


def _door(error: BaseException) -> CodeType | None:
    """Finds the first function on the way of `error` that called the caller's code."""
    interrupted: FrameType | None = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code in _DOORS or (interrupted and _handles_a_signal(frame, interrupted)):
            return frame.f_code
        interrupted = frame
    return None


def _handles_a_signal(frame: FrameType, interrupted: FrameType) -> bool:
    # Python calls a handler with the number of the signal and the frame that it interrupted.
    code, values = frame.f_code, frame.f_locals
    if code.co_argcount < 2 and not code.co_flags & _TAKES_ANY:
        return False
    given = [value if is_tuple(value) else (value,) for value in values.values()]
    return any(part is interrupted for parts in given for part in parts)
