"""The sandbox put together: a service of one's own, with its state and its faults at hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from statuspro._http.call import CallSettings
from statuspro._http.retry import retry_policy
from statuspro._http.transport import Transport
from statuspro.client import StatusProClient
from statuspro.pacing.limit import RateLimit

from .app import Application
from .bulk import BulkQueue
from .faults import Faults
from .inprocess import in_process_transport
from .limits import RateLimiter
from .messages import API_ROOT, Record
from .orders import Mail, Order
from .server import Server
from .store import Applied, Store, UnknownOrderError

DEFAULT_API_KEY = "sandbox-8c1f0e5d7a3b4962"


class Sandbox(Faults):
    """An embedded StatusPro on 127.0.0.1: a context manager that starts and stops its server.

    Faults on demand are its methods: ``fail``, ``fail_after``, ``slow``, ``drop``, ``cut``,
    ``stall``, ``html``, ``raw`` and ``inject``.

    Args:
        orders: How many orders the merchant has.
        seed: The same seed gives the same orders, their dates around today.
        rate_limit: Requests in a window per key; None for any number.
        bulk_limit: Bulk calls in a window per key, counted on top; None for any number.
        period: The length of a window in seconds; from 10 on its clock ticks in whole seconds.
        retry_after: Whether a 429 carries ``Retry-After``.
        rate_headers: Whether answers carry ``X-RateLimit-Limit`` and ``X-RateLimit-Remaining``.
        port: The port to listen on; 0 for any free one.
        api_key: The key that the service takes.
        enforce_viable: Whether a status that may not follow the order's own is refused.

    Example:
        >>> with Sandbox(orders=10) as sandbox, sandbox.client() as client:
        ...     client.list_orders(per_page=5)["meta"]["total"]
        10
    """

    def __init__(
        self,
        orders: int = 250,
        *,
        seed: int = 1,
        rate_limit: int | None = None,
        bulk_limit: int | None = None,
        period: float = 60.0,
        retry_after: bool = False,
        rate_headers: bool = False,
        port: int = 0,
        api_key: str = DEFAULT_API_KEY,
        enforce_viable: bool = True,
    ) -> None:
        super().__init__()
        self.api_key = api_key
        self._port = port
        self._server: Server | None = None
        clock = _steady_clock()
        self._store = Store(orders, seed, clock=clock, enforce_viable=enforce_viable)
        self._bulk = BulkQueue(self._store)
        self._limiter = RateLimiter(
            rate_limit, bulk_limit, period, clock, retry_after=retry_after, headers=rate_headers
        )
        self.app = Application(
            self._store, self._bulk, self._limiter, self, api_key=api_key, clock=clock
        )

    # Running

    def start(self) -> None:
        """Start the server; nothing happens if it runs already."""
        if self._server is None:
            self.app.resume()
            self._server = Server(self.app, self._port)

    def stop(self) -> None:
        """Stop the server, close its connections and apply what is queued, if it runs."""
        if self._server is not None:
            self.app.stop()
            self._server.stop()
            self._server = None
            self.flush()

    def serve_forever(self) -> None:
        """Serve until ``KeyboardInterrupt`` (Ctrl-C), which is not passed on."""
        try:
            self.start()
            while True:
                # In one endless wait, a Ctrl-C that comes just before it would go unnoticed.
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on; the one it was given while it is not running."""
        return self._port if self._server is None else self._server.port

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self.port}{API_ROOT}"

    def client(self, **keywords: Any) -> StatusProClient:
        """A client of this sandbox, unpaced unless the sandbox has limits.

        Args:
            **keywords: Any of ``StatusProClient``'s own.

        Returns:
            The client, which ignores the environment's proxies unless ``trust_env`` is given.
        """
        keywords = {
            "api_key": self.api_key,
            "base_url": self.base_url,
            "rate_limit": self._client_limits(),
            "trust_env": False,
            **keywords,
        }
        return StatusProClient(**keywords)

    def adapter(self, max_retries: int = 5, **settings: Any) -> Transport:
        """An adapter to this sandbox without sockets; the server need not run.

        Mount it, or hand it to a client: ``sandbox.client(adapter=sandbox.adapter())``.

        Args:
            max_retries: How often a request is sent again at the most.
            **settings: Any of ``CallSettings``, such as ``max_wait`` in seconds.
        """
        return in_process_transport(self.app, retry_policy(max_retries), CallSettings(**settings))

    def _client_limits(self) -> RateLimit | None:
        limits = self._limiter
        if limits.requests is None:
            return None
        bulk = limits.requests if limits.bulk is None else limits.bulk
        return RateLimit(requests=limits.requests, bulk=bulk, period=limits.period)

    # What happened

    @property
    def requests(self) -> list[Record]:
        """Every request that arrived, the first one first; ``clear()`` begins anew."""
        return self.app.requests

    @property
    def counted(self) -> int:
        """How many requests the rate limit has let pass."""
        return self._limiter.counted

    @property
    def refused(self) -> int:
        """How many requests the rate limit has refused with a 429."""
        return self._limiter.refused

    @property
    def mails(self) -> list[Mail]:
        """The e-mails that would have been sent, the first one first."""
        return self._store.mails

    @property
    def applied(self) -> list[Applied]:
        """Every write that was applied, the first one first."""
        return self._store.applied

    @property
    def connections(self) -> int:
        """How many connections are open on the server's side."""
        return 0 if self._server is None else self._server.connections

    @property
    def accepted(self) -> int:
        """How many connections the server has accepted since it was started."""
        return 0 if self._server is None else self._server.accepted

    # How it behaves

    @property
    def latency(self) -> tuple[float, float] | None:
        """The least and the most seconds that a request's way there and back takes at random."""
        return self.app.latency

    @latency.setter
    def latency(self, bounds: tuple[float, float] | None) -> None:
        self.app.latency = bounds

    @property
    def on_request(self) -> Callable[[Record], object] | None:
        """Called with each request before it is answered; may queue a fault for it."""
        return self.app.on_request

    @on_request.setter
    def on_request(self, call: Callable[[Record], object] | None) -> None:
        self.app.on_request = call

    # Its state, past the API

    def order(self, order_id: int) -> Order:
        """A copy of the order as it is now; KeyError if there is none."""
        order = self._store.get(order_id)
        if order is None:
            raise UnknownOrderError(order_id)
        return order

    def add_order(self, **fields: Any) -> int:
        """Let a new order arrive at the top of the list, and return its id.

        Args:
            **fields: ``name``, ``email`` or ``locale`` of its customer, or fields of ``Order``
                such as ``status_code``, ``tags``, ``due_date``, ``financial_status``.
        """
        return self._store.add(**fields)

    def cancel_order(self, order_id: int) -> None:
        """Cancel the order; KeyError if there is none."""
        self._store.change(order_id, cancelled_at=int(time.time()))

    def remove_order(self, order_id: int) -> None:
        """Take the order out of the list for good; KeyError if there is none."""
        self._store.remove(order_id)

    def set_status(self, order_id: int, code: str | None) -> None:
        """Give the order a status, or none, without history or mail; KeyError if unknown."""
        self._store.change(order_id, status_code=code)

    def flush(self) -> None:
        """Apply the queued bulk updates now."""
        self._bulk.flush()


def _steady_clock() -> Callable[[], float]:
    """Seconds since 1970 that do not jump when somebody sets the machine's clock."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
