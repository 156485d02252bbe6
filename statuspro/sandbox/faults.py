"""Faults on demand: answers that are late, broken, wrong or missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from .messages import API_ROOT, Record, Response

# What a fault may do with a request: have it answered (and so applied), wait, answer otherwise.
Answer = Callable[[], Response]
Pause = Callable[[float], None]
Effect = Callable[[Answer, Pause], Response]

HTML_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>StatusPro</title></head><body>Hello</body></html>\n"
)


class DroppedError(ConnectionResetError):
    """The connection is to be closed, with no more of an answer than was sent already."""


class RawAnswer(Exception):  # noqa: N818 - an answer, though one that HTTP may not know
    """These bytes are to be sent in place of an answer, then the connection closed."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


@dataclass
class _Pending:
    """A fault that waits for the requests it is meant for."""

    effect: Effect
    times: int
    method: str | None
    path: str | None

    def matches(self, record: Record) -> bool:
        if self.method is not None and self.method.upper() != record.method:
            return False
        if self.path is None:
            return True
        paths = record.path, record.path.removeprefix(API_ROOT)
        return any(fnmatchcase(path, self.path) for path in paths)


class Faults:
    """The queue of faults; the first that matches a request takes it.

    Every method takes ``times`` (how many requests), and ``method`` and ``path`` to pick them: a
    path such as ``/orders/*/status``, with or without ``/api/v1``, ``*`` for anything.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._faults_lock = threading.Lock()

    def inject(
        self,
        effect: Effect,
        times: int = 1,
        *,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Let ``effect(answer, pause)`` answer the next requests.

        ``answer()`` has the request answered, and so applied; ``pause(seconds)`` waits.
        """
        with self._faults_lock:
            self._pending.append(_Pending(effect, times, method, path))

    def clear_faults(self) -> None:
        """Forget the faults that are still waiting."""
        with self._faults_lock:
            self._pending.clear()

    @property
    def pending_faults(self) -> int:
        """How many requests are still to meet a fault."""
        with self._faults_lock:
            return sum(fault.times for fault in self._pending)

    def take(self, record: Record) -> Effect | None:
        """The effect that this request meets, which is one time less then."""
        with self._faults_lock:
            for fault in self._pending:
                if fault.matches(record):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._pending.remove(fault)
                    return fault.effect
        return None

    def fail(
        self,
        status: int = 503,
        times: int = 1,
        *,
        method: str | None = None,
        path: str | None = None,
        retry_after: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> None:
        """Answer with ``status`` and apply nothing; ``retry_after`` in seconds or as it stands."""
        response = _failure(status, retry_after, headers, body)
        self.inject(lambda answer, pause: response, times, method=method, path=path)

    def fail_after(
        self,
        status: int = 503,
        times: int = 1,
        *,
        method: str | None = None,
        path: str | None = None,
        retry_after: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> None:
        """Apply the request, then answer with ``status`` all the same."""
        response = _failure(status, retry_after, headers, body)
        self.inject(_after(lambda: response), times, method=method, path=path)

    def slow(
        self, seconds: float, times: int = 1, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Apply the request at once and answer ``seconds`` later."""

        def effect(answer: Answer, pause: Pause) -> Response:
            response = answer()
            pause(seconds)
            return response

        self.inject(effect, times, method=method, path=path)

    def drop(
        self,
        times: int = 1,
        *,
        applied: bool = False,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Close the connection without an answer, before or after the request was applied."""
        self.inject(_instead(_dropped, applied), times, method=method, path=path)

    def cut(self, times: int = 1, *, method: str | None = None, path: str | None = None) -> None:
        """Apply the request and close the connection in the middle of the answer's body."""

        def effect(answer: Answer, pause: Pause) -> Response:
            response = answer()
            return replace(response, chunks=_first_half(response.body, _dropped))

        self.inject(effect, times, method=method, path=path)

    def stall(
        self,
        seconds: float = 3600.0,
        times: int = 1,
        *,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Apply the request, begin the answer's body and say nothing more for ``seconds``."""

        def effect(answer: Answer, pause: Pause) -> Response:
            response = answer()

            def silence() -> None:
                pause(seconds)
                _dropped()

            return replace(response, chunks=_first_half(response.body, silence))

        self.inject(effect, times, method=method, path=path)

    def html(
        self,
        times: int = 1,
        *,
        status: int = 200,
        applied: bool = False,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Answer with a page of HTML, before or after the request was applied."""
        page = Response(status, HTML_PAGE, [("Content-Type", "text/html; charset=UTF-8")])
        self.inject(_instead(lambda: page, applied), times, method=method, path=path)

    def raw(
        self,
        data: bytes,
        times: int = 1,
        *,
        applied: bool = False,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Send these bytes in place of an answer and close the connection."""

        def send() -> Response:
            raise RawAnswer(data)

        self.inject(_instead(send, applied), times, method=method, path=path)


def _failure(
    status: int,
    retry_after: float | str | None,
    headers: Mapping[str, str] | None,
    body: bytes | str | None,
) -> Response:
    fields = list((headers or {}).items())
    if retry_after is not None:
        fields.append(("Retry-After", str(retry_after)))
    if body is None:
        return Response.of_json(
            status, {"message": f"The sandbox was told to fail ({status})."}, fields
        )
    data = body.encode() if isinstance(body, str) else body
    if not any(name.lower() == "content-type" for name, _ in fields):
        fields.append(("Content-Type", "application/json"))
    return Response(status, data, fields)


def _instead(respond: Answer, applied: bool) -> Effect:
    return _after(respond) if applied else lambda answer, pause: respond()


def _after(respond: Answer) -> Effect:
    def effect(answer: Answer, pause: Pause) -> Response:
        answer()
        return respond()

    return effect


def _dropped() -> Response:
    raise DroppedError


def _first_half(body: bytes, then: Callable[[], object]) -> Iterable[bytes]:
    def chunks() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        then()

    return chunks()
