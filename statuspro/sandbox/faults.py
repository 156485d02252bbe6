"""Faults on demand: responses that are late, broken, wrong or missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from .messages import API_ROOT, Record, Response

# `Answer` applies the request and returns its response. `Pause` waits so many seconds. An `Effect`
# gets both, and returns the response that is sent.
Answer = Callable[[], Response]
Pause = Callable[[float], None]
Effect = Callable[[Answer, Pause], Response]

HTML_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>StatusPro</title></head><body>Hello</body></html>\n"
)


class DroppedError(ConnectionResetError):
    """Makes the server close the connection, and send no more of the response."""


class RawResponse(Exception):  # noqa: N818 - no error, but a response that HTTP may not know
    """Makes the server send these bytes instead of a response, and close the connection."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


@dataclass
class _Pending:
    """A fault that waits for its requests."""

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
    """The queue of faults. A request meets the first fault that matches it.

    The methods share three arguments. `times` says how many requests meet the fault. `method` and
    `path` choose the requests. A path may leave out `/api/v1`, and `*` in it stands
    for any text: `/orders/*/status`.
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
        """Lets `effect(answer, pause)` answer the next requests.

        `answer()` applies the request and returns its response. `pause(seconds)` waits. What
        `effect` returns is sent.
        """
        with self._faults_lock:
            self._pending.append(_Pending(effect, times, method, path))

    def clear_faults(self) -> None:
        """Forgets the faults that are still waiting."""
        with self._faults_lock:
            self._pending.clear()

    @property
    def pending_faults(self) -> int:
        """How many requests will still meet a fault."""
        with self._faults_lock:
            return sum(fault.times for fault in self._pending)

    def take(self, record: Record) -> Effect | None:
        """Takes the effect that this request meets out of the queue, once; None for none."""
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
        """Answers with `status` and applies nothing.

        Args:
            status: the HTTP status.
            times: how many requests meet the fault.
            method: the method of these requests; any by default.
            path: the path of these requests; any by default.
            retry_after: the header `Retry-After`: seconds, or a text such as a date.
            headers: further headers.
            body: the body. By default JSON with a message.
        """
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
        """Applies the request, and answers with `status` nevertheless."""
        response = _failure(status, retry_after, headers, body)
        self.inject(_after(lambda: response), times, method=method, path=path)

    def slow(
        self, seconds: float, times: int = 1, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Applies the request at once, and answers `seconds` later."""

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
        """Closes the connection without a response, after applying the request if `applied`."""
        self.inject(_instead(_dropped, applied), times, method=method, path=path)

    def cut(self, times: int = 1, *, method: str | None = None, path: str | None = None) -> None:
        """Applies the request, and closes the connection in the middle of the response's body."""

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
        """Applies the request, sends half of the response's body, and nothing for `seconds`."""

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
        """Answers with a page of HTML, after applying the request if `applied`."""
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
        """Sends these bytes instead of a response, and closes the connection."""

        def send() -> Response:
            raise RawResponse(data)

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
