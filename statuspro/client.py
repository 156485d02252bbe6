"""StatusProClient: puts the parts together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, cast

from requests.adapters import BaseAdapter

from statuspro import _arguments
from statuspro._http.call import OnWait
from statuspro._http.retry import retry_policy
from statuspro._logging import Logger
from statuspro.api import bulk, orders, statuses, summary, updates
from statuspro.auth import BearerAuth
from statuspro.config import RATE_LIMIT_STORAGE, Settings
from statuspro.errors import ConfigurationError
from statuspro.pacing import Budget, RateLimit, User, budget_for, release
from statuspro.pagination.walk import paginate
from statuspro.redaction import sealed
from statuspro.session import AuthenticatedClient, SessionChanges, SessionOptions, TimeoutType

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


class ClientOptions(SessionOptions, total=False):
    """The keywords of :class:`StatusProClient` besides those of :class:`SessionOptions`.

    Attributes:
        max_wait: seconds that one call may sleep in all; 0 never sleeps.
        on_wait: told before each wait of 0.1 s or more: `on_wait(seconds, reason)`. What it raises
            ends the call.
        rate_limit: the figures to keep to; None turns pacing off.
        rate_limit_storage: where the counts are shared with other processes: `sqlite:///PATH` or
            `redis://HOST`; else STATUSPRO_RATE_LIMIT_STORAGE in the environment or `.env`.
        rate_limit_fallback: "local" to count in this process while Redis cannot be reached.
    """

    max_wait: float
    on_wait: OnWait | None
    rate_limit: RateLimit | None
    rate_limit_storage: str | None
    rate_limit_fallback: str | None


class ClientChanges(ClientOptions, total=False):
    """What :meth:`StatusProClient.with_options` takes besides :class:`ClientOptions`.

    Attributes:
        timeout: seconds, or a (connect, read) pair of seconds; None waits for ever.
        max_retries: how often a request is sent again at the most.
        max_pages: how many pages a walk goes into a list at the most.
        logger: gets the log records; the logger `statuspro` by default.
    """

    timeout: TimeoutType
    max_retries: int
    max_pages: int
    logger: Logger | None


class StatusProClient(AuthenticatedClient):
    """A client for StatusPro: a `requests.Session` that retries, paces itself and knows the API.

    Args:
        api_key: the API key; else STATUSPRO_API_KEY in the environment or `.env`, or the password
            for the host in `~/.netrc`.
        base_url: of the service; else STATUSPRO_BASE_URL in the environment or `.env`.
        timeout: seconds, or a (connect, read) pair of seconds.
        max_retries: how often a request is sent again at the most.
        max_pages: how many pages a walk goes into a list at the most.
        logger: gets the log records; the logger `statuspro` by default.
        adapter: takes the place of the transport, retries and pacing included.
        pool_connections: how many hosts to keep connections to.
        pool_maxsize: how many connections to keep to each.
        options: see :class:`ClientOptions`.

    Raises:
        ConfigurationError: no key, or a key, base URL or storage that cannot be used.
        TypeError: a keyword is unknown or of the wrong kind.
        ValueError: a value makes no sense.
    """

    _option_names: ClassVar[frozenset[str]] = frozenset(ClientChanges.__annotations__)

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: TimeoutType = 30.0,
        max_retries: int = 5,
        max_pages: int = 100,
        logger: Logger | None = None,
        *,
        adapter: BaseAdapter | None = None,
        pool_connections: int = 10,
        pool_maxsize: int = 100,
        **options: Unpack[ClientOptions],
    ) -> None:
        api_key, base_url = sealed(api_key), sealed(base_url)
        self._refuse_unknown(options)
        self._configuration = Settings()
        key, url = self._configuration.credentials(api_key, base_url)
        super().__init__(
            url,
            key,
            timeout=timeout,
            adapter=adapter,
            pool_connections=pool_connections,
            pool_maxsize=pool_maxsize,
        )
        self._user = User()
        self.rate_limit: RateLimit | None = None
        self.rate_limit_storage: str | None = None
        self.rate_limit_fallback: str | None = None
        self._apply(
            {
                "max_retries": max_retries,
                "max_pages": max_pages,
                "logger": logger,
                "rate_limit": RateLimit(),
                "rate_limit_storage": None,
                **options,
            }
        )

    # It takes all that the one it overrides takes, and more.
    def with_options(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, **options: Unpack[ClientChanges]
    ) -> Self:
        """A client with other options that shares this one's connections and rate budget.

        Headers, cookies, params and hooks are added to those of this client; all else replaces.
        Another `rate_limit` is another budget. Closing it closes nothing.

        Args:
            options: see :class:`ClientChanges`.

        Raises:
            TypeError: a keyword is unknown or of the wrong kind.
            ValueError: a value makes no sense.
        """
        self._refuse_unknown(options)
        derived = self._derived()
        derived._apply(dict(options))
        return derived

    def _apply(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            self._set_option(name, value)
        if any(name.startswith("rate_limit") for name in options):
            self._settings = self._settings._replace(budget=self._budget())
        self._renew_transport()

    def _set_option(self, name: str, value: Any) -> None:
        if name in SessionChanges.__annotations__:
            super()._set_option(name, value)
        elif name == "max_retries":
            self._policy = retry_policy(_arguments.whole_number(name, value, 0))
        elif name == "max_pages":
            self.max_pages = _arguments.whole_number(name, value, 1)
        elif name == "rate_limit":
            self.rate_limit = _checked_rate_limit(value)
        elif name == "rate_limit_storage":
            self.rate_limit_storage = value
        elif name == "rate_limit_fallback":
            self.rate_limit_fallback = value
        elif name == "max_wait":
            self._settings = self._settings._replace(max_wait=_arguments.seconds(name, value))
        elif name == "on_wait":
            self._settings = self._settings._replace(on_wait=_checked_on_wait(value))
        else:
            self._settings = self._settings._replace(logger=_checked_logger(value))

    def _budget(self) -> Budget | None:
        if self.rate_limit is None or not isinstance(self.auth, BearerAuth):
            return None
        find = self._configuration.find
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

    def _picklable_options(self) -> dict[str, Any]:
        return {
            **super()._picklable_options(),
            "max_retries": self.max_retries,
            "max_pages": self.max_pages,
            "logger": self._settings.logger,
            "max_wait": self._settings.max_wait,
            "on_wait": self._settings.on_wait,
            "rate_limit": self.rate_limit,
            "rate_limit_storage": self.rate_limit_storage,
            "rate_limit_fallback": self.rate_limit_fallback,
        }

    # The functions of statuspro.api and statuspro.pagination.walk, as methods.
    list_orders = orders.list_orders
    iter_orders = orders.iter_orders
    iter_order_pages = orders.iter_order_pages
    get_order = orders.get_order
    get_orders = bulk.get_orders
    lookup_order = orders.lookup_order
    get_viable_statuses = orders.get_viable_statuses
    update_order_status = updates.update_order_status
    add_order_comment = updates.add_order_comment
    set_order_due_date = updates.set_order_due_date
    bulk_update_order_status = bulk.bulk_update_order_status
    iter_bulk_update_order_status = bulk.iter_bulk_update_order_status
    get_statuses = statuses.get_statuses
    summarize_orders = summary.summarize_orders
    paginate = paginate


def _checked_rate_limit(rate_limit: RateLimit | None) -> RateLimit | None:
    if rate_limit is not None and not isinstance(cast(object, rate_limit), RateLimit):
        raise _arguments.wrong_kind("rate_limit", "a RateLimit or None", rate_limit)
    return rate_limit


def _checked_on_wait(on_wait: OnWait | None) -> OnWait | None:
    if on_wait is not None and not callable(on_wait):
        raise _arguments.wrong_kind("on_wait", "a function", on_wait)
    return on_wait


def _checked_logger(logger: Logger | None) -> Logger:
    if logger is None:
        return logging.getLogger("statuspro")
    for name in ("debug", "info", "warning", "error"):
        if not callable(getattr(logger, name, None)):
            raise _arguments.wrong_kind("logger", f"something with a method {name}", logger)
    return logger


def _unpickled(
    cls: type[StatusProClient], base_url: str, options: dict[str, Any], is_looked_up: bool
) -> StatusProClient:
    try:
        # A URL out of a `.env` is looked up anew: as an argument it would be given other keys.
        client = cls(None, None if is_looked_up else base_url, **options)
    except ConfigurationError as error:
        raise ConfigurationError(f"A pickled client carries no key. {error}") from None
    if client.base_url != base_url:
        raise ConfigurationError(
            f"The pickled client talked to {base_url}, as a .env said; here the settings say "
            f"{client.base_url}. Give the argument base_url before pickling."
        )
    return client
