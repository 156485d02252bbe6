"""The sandbox as one WSGI callable: checks the key and the limits, and answers each request."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from wsgiref.headers import Headers

from . import routes
from .bulk import BulkQueue
from .faults import HTML_PAGE, Faults, Pause
from .limits import RateLimiter
from .messages import Record, Response
from .routes import Endpoint, Endpoints, Request
from .rules import InvalidError
from .store import Store, UnknownOrderError
from .validation import MalformedError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# A server may put a function here that waits no longer than its client does.
PAUSE = "statuspro.pause"


class Application:
    """The service behind its HTTP interface. Records the requests and lets them meet the faults."""

    def __init__(
        self,
        store: Store,
        bulk: BulkQueue,
        limiter: RateLimiter,
        faults: Faults,
        api_key: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.requests: list[Record] = []
        self.latency: tuple[float, float] | None = None
        self.on_request: Callable[[Record], object] | None = None
        self._stopping = threading.Event()
        self._endpoints = Endpoints(store, bulk)
        self._limiter = limiter
        self._faults = faults
        self._authorization = f"Bearer {api_key}"
        self._clock = clock
        self._random = random.Random(1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request (WSGI)."""
        record = self._record(environ)
        response = self._respond(record, environ.get(PAUSE, self.pause))
        record.status = response.status
        headers = [
            *response.headers,
            ("Content-Length", str(len(response.body))),
            ("Cache-Control", "no-cache, private"),
            ("Date", formatdate(self._clock(), usegmt=True)),
        ]
        start_response(f"{response.status} {_reason(response.status)}", headers)
        if record.method == "HEAD":
            return []
        return [response.body] if response.chunks is None else response.chunks

    def pause(self, seconds: float) -> None:
        """Waits, but not longer than the sandbox runs."""
        self._stopping.wait(seconds)

    def resume(self) -> None:
        """Lets pauses last again, after `stop`."""
        self._stopping.clear()

    def stop(self) -> None:
        """Ends all pauses."""
        self._stopping.set()

    def _record(self, environ: WSGIEnvironment) -> Record:
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").title(), value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        ]
        record = Record(
            time=self._clock(),
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            query=parse_qs(environ["QUERY_STRING"], keep_blank_values=True),
            headers=Headers(headers),
            body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        self.requests.append(record)
        return record

    def _respond(self, record: Record, pause: Pause) -> Response:
        before, after = self._delays()
        pause(before)
        if self.on_request is not None:
            self.on_request(record)
        effect = self._faults.take(record)
        response = effect(lambda: self._answer(record), pause) if effect else self._answer(record)
        pause(after)
        return response

    def _delays(self) -> tuple[float, float]:
        """Draws the seconds that a request takes to the service, and its response back."""
        if self.latency is None:
            return 0.0, 0.0
        total = self._random.uniform(*self.latency)
        before = total * self._random.random()
        return before, total - before

    # The order of Laravel's middleware: the route, the key, the limits, the values.

    def _answer(self, record: Record) -> Response:
        if record.path == "/login":
            return Response(200, HTML_PAGE, [("Content-Type", "text/html; charset=UTF-8")])
        endpoints, order_id = routes.match(record.path)
        if not endpoints:
            return _message(404, "There is nothing at this address.")
        endpoint = endpoints.get("GET" if record.method == "HEAD" else record.method)
        if endpoint is None:
            allowed = ", ".join(["GET", "HEAD"] if "GET" in endpoints else endpoints)
            reason = f"This method is not supported here. Supported: {allowed}."
            return _message(405, reason, [("Allow", allowed)])
        authorization = record.headers["Authorization"] or ""
        if authorization != self._authorization:
            return _json_only(record, _message(401, "Unauthenticated."))
        is_bulk = endpoint is routes.Endpoints.bulk_status
        verdict = self._limiter.admit(authorization, bulk=is_bulk)
        if not verdict.allowed:
            return _message(429, "Too Many Attempts.", verdict.headers)
        response = self._run(endpoint, Request(record, order_id))
        response.headers.extend(verdict.headers)
        return response

    def _run(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return endpoint(self._endpoints, request)
        except UnknownOrderError:
            return _message(404, "There is no such order.")
        except MalformedError as error:
            return _message(400, str(error))
        except InvalidError as error:
            return _json_only(request.record, Response.of_json(422, error.as_json()))


def _message(status: int, message: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response.of_json(status, {"message": message}, headers)


def _json_only(record: Record, response: Response) -> Response:
    """Returns `response` if the client asks for JSON, else Laravel's redirect to a login page."""
    first = (record.headers["Accept"] or "").partition(",")[0].partition(";")[0].strip().lower()
    if first.endswith(("/json", "+json")):
        return response
    host = record.headers["Host"] or "localhost"
    return Response(302, b"", [("Location", f"http://{host}/login")])


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
