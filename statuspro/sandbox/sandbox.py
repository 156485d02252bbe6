"""The class Sandbox: puts the server, its state and its faults together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from statuspro._http.call import CallSettings
from statuspro._http.retry import retry_policy
from statuspro._http.transport import Transport
from statuspro._typing import Unpack
from statuspro.auth import origin_of
from statuspro.client import StatusProClient
from statuspro.config import API_KEY, BASE_URL, RATE_LIMIT
from statuspro.pacing.limit import RateLimit

from .app import Application
from .bulk import BulkQueue
from .catalogue import CATALOGUE, catalogue_of
from .faults import Faults
from .inprocess import in_process_transport
from .limits import RateLimiter
from .messages import API_ROOT, Record
from .orders import Mail, OrderFields
from .records import OrderRecord
from .server import Server
from .store import Applied, Store, UnknownOrderError

DEFAULT_API_KEY = "sandbox-8c1f0e5d7a3b4962"

_running: set[Sandbox] = set()


class Sandbox(Faults):
    """An embedded StatusPro on 127.0.0.1: a context manager that starts and stops its server.

    Its methods make faults on demand: `fail`, `fail_after`, `slow`, `drop`, `cut`, `stall`, `html`,
    `raw` and `inject`.

    Args:
        orders: how many orders the merchant has.
        seed: the same seed gives the same orders. Their dates lie around today.
        rate_limit: requests in a window for each key; None for any number.
        bulk_limit: bulk calls in a window for each key; None for any number. A bulk call counts
            as a request too.
        period: the length of a window in seconds. From 10 s on the window's clock has whole
            seconds, as the service's has.
        retry_after: whether a 429 carries `Retry-After`.
        rate_headers: whether responses carry `X-RateLimit-Limit` and `X-RateLimit-Remaining`.
        port: the port to listen on; 0 for any free port.
        api_key: the key that the sandbox accepts.
        enforce_viable: whether the sandbox refuses a status that may not follow the order's own.
        bulk_delay: seconds after which a bulk update that was accepted is applied.
        statuses: the merchant's statuses, in the shape of `get_statuses`, also with `public_name`,
            `public` and `translations`; None for seven of a joiner's workshop.
        viable: the codes that may follow each code of `statuses`; a code that it leaves out is
            final, and the key None is an order without a status. None lets each status follow
            each other one.

    Raises:
        ValueError: `statuses` or `viable` make no sense.

    Example:
        >>> from statuspro.sandbox import Sandbox
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
        bulk_delay: float = 0.05,
        statuses: Iterable[Mapping[str, object]] | None = None,
        viable: Mapping[str | None, Iterable[str]] | None = None,
    ) -> None:
        if statuses is None and viable is not None:
            raise ValueError("viable needs statuses: it names their codes")
        super().__init__()
        self.api_key = api_key
        self._port = port
        self._server: Server | None = None
        clock = _steady_clock()
        catalogue = CATALOGUE if statuses is None else catalogue_of(statuses, viable)
        self._store = Store(
            orders, seed, clock=clock, enforce_viable=enforce_viable, catalogue=catalogue
        )
        self._bulk = BulkQueue(self._store, bulk_delay)
        self._limiter = RateLimiter(
            rate_limit, bulk_limit, period, clock, retry_after=retry_after, headers=rate_headers
        )
        self.app = Application(
            self._store, self._bulk, self._limiter, self, api_key=api_key, clock=clock
        )

    # Running

    def start(self) -> None:
        """Starts the server, unless it runs already."""
        if self._server is None:
            self.app.resume()
            self._server = Server(self.app, self._port)
            _running.add(self)

    def stop(self) -> None:
        """Stops a running server, closes its connections and applies the queued bulk updates."""
        if self._server is not None:
            self.app.stop()
            self._server.stop()
            self._server = None
            _running.discard(self)
            self.flush()

    def serve_forever(self) -> None:
        """Serves until a `KeyboardInterrupt` (Ctrl-C), and returns then."""
        try:
            self.start()
            while True:
                # A Ctrl-C just before one endless wait would have no effect.
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
        """The port that the server listens on; the argument `port` while no server runs."""
        return self._port if self._server is None else self._server.port

    @property
    def base_url(self) -> str:
        """The base URL for a client of this sandbox."""
        return f"http://127.0.0.1:{self.port}{API_ROOT}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which a client without arguments talks to this sandbox.

        Give them to a process that a test starts. Such a client paces itself if the sandbox has
        limits.
        """
        limit = self._client_limits()
        pace = f"{limit.requests}/{limit.bulk}/{limit.period}" if limit else "none"
        return {BASE_URL: self.base_url, API_KEY: self.api_key, RATE_LIMIT: pace}

    def client(self, **keywords: Any) -> StatusProClient:
        """Makes a client of this sandbox. It paces itself if the sandbox has limits.

        Args:
            **keywords: any keywords of :class:`statuspro.StatusProClient`.

        Returns:
            The client. It ignores the environment's proxies unless `trust_env` is given.
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
        """Makes an adapter to this sandbox without sockets. The server need not run.

        Mount the adapter, or pass it to a client: `sandbox.client(adapter=sandbox.adapter())`.

        Args:
            max_retries: how many times a request may be sent again.
            **settings: the settings of each call, such as `max_wait` in seconds.
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
        """Every request that has arrived, the oldest first. `requests.clear()` empties the list."""
        return self.app.requests

    @property
    def counted(self) -> int:
        """How many requests have passed the rate limit."""
        return self._limiter.counted

    @property
    def refused(self) -> int:
        """How many requests the rate limit has refused with a 429."""
        return self._limiter.refused

    @property
    def mails(self) -> list[Mail]:
        """The e-mails that the service would have sent, the oldest first."""
        return self._store.mails

    @property
    def applied(self) -> list[Applied]:
        """Every write that was applied, the oldest first."""
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
        """The least and the most seconds that a request and its response take on their way.

        The seconds of each request are random. None adds no delay.
        """
        return self.app.latency

    @latency.setter
    def latency(self, bounds: tuple[float, float] | None) -> None:
        self.app.latency = bounds

    @property
    def on_request(self) -> Callable[[Record], object] | None:
        """A function that is called with each request before its response; it may add a fault."""
        return self.app.on_request

    @on_request.setter
    def on_request(self, call: Callable[[Record], object] | None) -> None:
        self.app.on_request = call

    # Its state, without the API

    def order(self, order_id: int) -> OrderRecord:
        """Returns a copy of the order as it is now: `order["status"]` reads like the API's.

        Its attributes, such as `order.tags`, are what the sandbox has stored.

        Raises:
            KeyError: there is no such order.
        """
        order = self._store.get(order_id)
        if order is None:
            raise UnknownOrderError(order_id)
        return OrderRecord(**vars(order))

    def add_order(self, **fields: Unpack[OrderFields]) -> int:
        """Adds a new order at the top of the list, and returns its id.

        Args:
            **fields: `customer`, a dict with any of `name`, `email` and `locale`, which may also
                stand by themselves; `status_code`, `due_date`, `due_date_to`, `tags`,
                `financial_status`, `fulfillment_status` and `additional_emails` with the API's
                values; `created_at`, `status_set_at` and `cancelled_at` in seconds since 1970.
                The seed decides the others; the order has no status unless one is given.

        Raises:
            KeyError: there is no such status.
            TypeError: a field is unknown or of the wrong kind.
            ValueError: a due date is no day.
        """
        return self._store.add(**fields)

    def cancel_order(self, order_id: int) -> None:
        """Cancels the order.

        Raises:
            KeyError: there is no such order.
        """
        self._store.change(order_id, cancelled_at=int(time.time()))

    def remove_order(self, order_id: int) -> None:
        """Removes the order for good.

        Raises:
            KeyError: there is no such order.
        """
        self._store.remove(order_id)

    def set_status(self, order_id: int, code: str | None) -> None:
        """Sets the order's status, or clears it (None), without history and mail.

        Raises:
            KeyError: there is no such order, or no such status.
        """
        self._store.change(order_id, status_code=code)

    def flush(self) -> None:
        """Applies the queued bulk updates now, and returns when they are applied.

        The service applies a bulk update some time after its 202, and so does the sandbox, after
        `bulk_delay`. A test calls this before it looks at the orders or the mails.
        """
        self._bulk.flush()


def _steady_clock() -> Callable[[], float]:
    """Makes a clock: seconds since 1970 that do not jump when the machine's clock is set."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def is_sandbox(base_url: str) -> bool:
    """Tells whether a base URL is that of a sandbox which runs in this process.

    Port 0, at which nothing can be reached, is that of a sandbox without a server.
    """
    origin = origin_of(base_url)
    if origin is None or origin[1] != "127.0.0.1":
        return False
    return base_url.endswith(f":0{API_ROOT}") or origin in [
        origin_of(sandbox.base_url) for sandbox in tuple(_running)
    ]
