"""StatusProClient: puts the parts together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from requests.adapters import BaseAdapter

from statuspro._http.call import OnWait
from statuspro._logging import Logger
from statuspro._typing import Self, Unpack
from statuspro.api import bulk, orders, outcome, statuses, summary, updates
from statuspro.auth import BearerAuth
from statuspro.config import RATE_LIMIT, RATE_LIMIT_STORAGE, Settings
from statuspro.errors import ConfigurationError, without_section
from statuspro.options import (
    BUDGET,
    OPTIONS,
    Cert,
    ClientChanges,
    Cookies,
    Hooks,
    Place,
    TimeoutType,
    Verify,
    options_of,
    takes_options,
)
from statuspro.pacing import Budget, RateLimit, User, budget_for, limit_in, release
from statuspro.pagination.walk import paginate
from statuspro.session import AuthenticatedClient


class StatusProClient(AuthenticatedClient):
    """A client for StatusPro: a `requests.Session` that retries, paces itself and knows the API.

    Args:
        api_key: the API key; else STATUSPRO_API_KEY in the environment or `.env`, or the password
            for the host in `~/.netrc`.
        base_url: of the service; else STATUSPRO_BASE_URL in the environment or `.env`.
        timeout: seconds, or a (connect, read) pair of seconds; None waits for ever.
        max_retries: how often a request is sent again at the most.
        max_pages: how many pages a walk goes into a list at the most.
        logger: gets the log records; the logger `statuspro` by default.
        deadline: seconds that one call may take in all: waits, every attempt, reading. It cuts each
            timeout to what is left; None sets no bound.
        max_wait: seconds that one call may sleep in all; 0 never sleeps.
        on_wait: told before each wait of 0.1 s or more: `on_wait(seconds, reason)`. What it raises
            ends the call.
        rate_limit: the figures to keep to; None turns pacing off. Where it is not given,
            STATUSPRO_RATE_LIMIT in the environment or `.env` counts (`60/5/60`, or `none`).
        rate_limit_storage: where the counts are shared with other processes: `sqlite:///PATH` or
            `redis://HOST`; else STATUSPRO_RATE_LIMIT_STORAGE in the environment or `.env`.
            `memory://` shares them with no other process, whatever these say.
        rate_limit_fallback: "local" to count in this process while Redis cannot be reached.
        rate_limit_reserve: how many requests of each period this client leaves to others of the
            same budget, whose reserve is smaller. Without pacing it has no meaning.
        headers: sent with every request, besides requests' own.
        cookies: sent with every request: a dict or a cookie jar.
        params: query parameters of every request.
        hooks: called with every response, as requests does.
        proxies: as requests takes them; they beat the environment's.
        verify: whether TLS certificates are checked, or the path of a CA bundle, which then beats
            the environment's.
        cert: the path of a client certificate, or a (certificate, key) pair of paths.
        trust_env: whether proxies and CA bundles of the environment are used.
        follow_redirects: whether redirects within the origin are followed.
        max_response_bytes: the largest decoded body that is read, in bytes.
        adapter: takes the place of the transport, retries and pacing included.
        pool_connections: how many hosts to keep connections to.
        pool_maxsize: how many connections to keep to each.

    Raises:
        ConfigurationError: no key, or a key, base URL or storage that cannot be used.
        TypeError: a keyword is unknown or of the wrong kind.
        ValueError: a value makes no sense.
    """

    rate_limit: RateLimit | None
    rate_limit_storage: str | None
    rate_limit_fallback: str | None
    rate_limit_reserve: int

    @takes_options
    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: TimeoutType = 30.0,
        max_retries: int = 5,
        max_pages: int = 100,
        logger: Logger | None = None,
        *,
        deadline: float | None = None,
        max_wait: float = 120.0,
        on_wait: OnWait | None = None,
        rate_limit: RateLimit | None = RateLimit(),
        rate_limit_storage: str | None = None,
        rate_limit_fallback: str | None = None,
        rate_limit_reserve: int = 0,
        headers: Mapping[str, str] | None = None,
        cookies: Cookies | None = None,
        params: Mapping[str, Any] | None = None,
        hooks: Hooks | None = None,
        proxies: Mapping[str, str] | None = None,
        verify: Verify = True,
        cert: Cert | None = None,
        trust_env: bool = True,
        follow_redirects: bool = False,
        max_response_bytes: int = 64 * 2**20,
        adapter: BaseAdapter | None = None,
        pool_connections: int = 10,
        pool_maxsize: int = 100,
    ) -> None:
        self._configuration = Settings()
        key, url = self._configuration.credentials(api_key, base_url)
        self._start(url)
        self.auth = BearerAuth(key, self.base_url)
        self._user = User()

    _options: ClassVar[list[str]] = options_of(__init__)

    @property
    def on_wait(self) -> OnWait | None:
        """Told before each wait: `on_wait(seconds, reason)`."""
        return self._settings.on_wait

    # It takes all that the one it overrides takes, and more.
    def with_options(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, **options: Unpack[ClientChanges]
    ) -> Self:
        """Makes a client with other options that shares this one's connections and rate budget.

        Headers, cookies, params and hooks are added to those of this client; all else replaces.
        Another `rate_limit` is another budget. Closing it closes nothing.

        Args:
            options: those of :class:`StatusProClient`, but for `api_key`, `base_url`, `adapter` and
                the pool's sizes.

        Raises:
            TypeError: a keyword is unknown or of the wrong kind.
            ValueError: a value makes no sense.
        """
        return self._with(options)

    def _renew(self, places: Collection[Place]) -> None:
        if BUDGET in places:
            budget = self._budget()
            self._settings = self._settings._replace(budget=budget, reserve=self.rate_limit_reserve)
        super()._renew(places)

    def _budget(self) -> Budget | None:
        find = self._configuration.find
        if self.rate_limit is OPTIONS["rate_limit"].default:  # and no equal one of the caller's
            setting = find(RATE_LIMIT, None)
            self.rate_limit = limit_in(RATE_LIMIT, setting) if setting else RateLimit()
        if self.rate_limit is None or not isinstance(self.auth, BearerAuth):
            return None
        if self.rate_limit_reserve >= self.rate_limit.requests:
            most = self.rate_limit.requests - 1
            raise ValueError(f"rate_limit_reserve must be at most {most}: less than all requests")
        self.rate_limit_storage = find(RATE_LIMIT_STORAGE, self.rate_limit_storage)
        return budget_for(
            str(self._origin),
            self.auth.token,
            self.rate_limit,
            storage=self.rate_limit_storage,
            fallback=self.rate_limit_fallback,
            logger=self._settings.logger,
            user=self._user,
        )

    def close(self) -> None:
        """Closes the connections, the budget's too; a derived client closes nothing."""
        super().close()
        if not self._is_derived:
            release(self._user)

    def __reduce__(self) -> tuple[Any, ...]:
        is_looked_up = self._configuration.is_url_of_dotenv
        return _unpickled, (type(self), self.base_url, self._picklable_options(), is_looked_up)

    # The functions of statuspro.api and statuspro.pagination.walk, as methods.
    list_orders = orders.list_orders
    iter_orders = orders.iter_orders
    iter_order_pages = orders.iter_order_pages
    get_order = orders.get_order
    get_orders = bulk.get_orders
    lookup_order = orders.lookup_order
    find_order = orders.find_order
    get_viable_statuses = orders.get_viable_statuses
    update_order_status = updates.update_order_status
    add_order_comment = updates.add_order_comment
    set_order_due_date = updates.set_order_due_date
    bulk_update_order_status = bulk.bulk_update_order_status
    iter_bulk_update_order_status = bulk.iter_bulk_update_order_status
    bulk_outcome = outcome.bulk_outcome
    get_statuses = statuses.get_statuses
    summarize_orders = summary.summarize_orders
    paginate = paginate


def _unpickled(
    cls: type[StatusProClient], base_url: str, options: dict[str, Any], is_looked_up: bool
) -> StatusProClient:
    try:
        # A URL out of a `.env` is looked up anew: as an argument it would be given other keys.
        client = cls(None, None if is_looked_up else base_url, **options)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"A pickled client carries no key. {without_section(error)}"
        ) from None
    if client.base_url != base_url:
        raise ConfigurationError(
            f"The pickled client talked to {base_url}, as a .env said; here the settings say "
            f"{client.base_url}. Give the argument base_url before pickling."
        )
    return client
