"""A requests.Session for one API: relative URLs, a default timeout, no redirects, JSON."""

from __future__ import annotations

import copy
import re
from collections import OrderedDict
from collections.abc import Collection, Generator, Mapping
from http.cookiejar import CookieJar
from typing import Any, ClassVar
from urllib.parse import urljoin

import requests
from requests.adapters import BaseAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri

from statuspro._forks import check_fork, renew_in_child
from statuspro._http.call import SAFE_METHODS, CallSettings, is_repeatable, one_call
from statuspro._http.callbacks import note_sent, of_a_hook, of_the_caller
from statuspro._http.codings import accepted_codings
from statuspro._http.exceptions import translate
from statuspro._http.retry import retry_policy
from statuspro._http.transport import Transport
from statuspro._kinds import is_mapping
from statuspro._logging import Logger, warn
from statuspro._typing import Self, Unpack
from statuspro._version import __version__
from statuspro.auth import BearerAuth, origin_of
from statuspro.config import certificates_for, check_base_url, proxies_for
from statuspro.errors import ConfigurationError, RedirectError
from statuspro.options import (
    ADAPTER,
    OPTIONS,
    Cert,
    Cookies,
    Hooks,
    Place,
    SessionChanges,
    TimeoutType,
    Verify,
    checked,
    lists_of_hooks,
    options_of,
    refuse_unknown,
    takes_options,
)
from statuspro.redaction import Redactor, request_line
from statuspro.types import BudgetReading

#: Seconds that a reading of the rate budget waits for other processes at the most.
_BUDGET_PATIENCE = 1.0

#: Redirects after which a POST stays a POST.
_KEEPS_METHOD = frozenset({307, 308})


class _Writes:
    """Which write a client and those derived from it have sent last; None before the first."""

    latest: object = None


class Client(requests.Session):
    """A session for the API at one base URL.

    `client.get("/orders")` and its like are one request and one Response, never an exception for
    a status. A URL of another origin is refused. A client may be used by many threads, and also
    after `close()`: it then opens new connections.

    Args:
        base_url: what relative URLs are appended to.
        timeout: seconds, or a (connect, read) pair of seconds; None waits for ever.
        deadline: seconds that one call may take in all: waits, every attempt, reading. It cuts each
            timeout to what is left; None sets no bound.
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
        ConfigurationError: the base URL cannot be used.
        TypeError: a keyword is unknown or of the wrong kind.
        ValueError: a value makes no sense.
    """

    #: Also of one whose construction failed, for error reporters show it.
    base_url: str = ""

    #: How many pages a walk goes into a list at the most.
    max_pages: int = 100

    timeout: TimeoutType
    follow_redirects: bool

    @takes_options
    def __init__(
        self,
        base_url: str,
        *,
        timeout: TimeoutType = 30.0,
        deadline: float | None = None,
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
        self._start(base_url)

    _options: ClassVar[list[str]] = options_of(__init__)

    def _start(self, base_url: str) -> None:
        """Makes all that does not depend on the options, which are put in their places later."""
        super().__init__()
        self.base_url = check_base_url(base_url)
        self.headers["Accept"] = "application/json"
        self.headers["Accept-Encoding"] = accepted_codings()
        self.headers["User-Agent"] = f"statuspro-python/{__version__}"
        self._below = f"{self.base_url}/"
        self._origin = origin_of(self.base_url)
        self._plain_url = _plain_url(self.base_url)
        self._policy = retry_policy(0)
        self._settings = CallSettings()
        self._is_derived = False
        self._has_warned = False
        self._writes = _Writes()
        self._environment: tuple[Any, dict[str, str], Any] | None = None
        self._checked_headers: tuple[Any, CaseInsensitiveDict[Any]] = None, CaseInsensitiveDict()
        self._adapter_options: dict[str, Any] = {}
        #: None where another adapter is in its place, with settings of its own.
        self._transport: Transport | None = None
        renew_in_child(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    @property
    def logger(self) -> Logger:
        """Gets the log records."""
        return self._settings.logger

    @property
    def last_write(self) -> object:
        """Another object with each write that this client, or one derived from it, has sent."""
        return self._writes.latest

    @property
    def max_retries(self) -> int:
        """How often a request is sent again at the most."""
        return int(self._policy.total or 0)

    def budget(self) -> BudgetReading | None:
        """Reads the rate budget as this client may use it now, and takes nothing of it.

        What calls do that begin at the same time, in this process or in others that share the
        budget, is not known yet.

        Returns:
            A dict. `requests` is what the limit allows in one period, `remaining` what this client
            can send now, `bulk_remaining` how many of these can be bulk requests, and `next_in` the
            seconds until it can send the next one. None where the client does not pace itself.

        Raises:
            StatusProError: the storage that holds the budget cannot be reached.
        """
        settings = self._settings
        if settings.budget is None or self._transport is None:
            return None
        patience = min(settings.max_wait, _BUDGET_PATIENCE)
        remaining, bulk_remaining, next_in = settings.budget.read(settings.reserve, patience)
        return {
            "requests": settings.budget.limit.requests,
            "remaining": remaining,
            "bulk_remaining": bulk_remaining,
            "next_in": next_in,
        }

    # Options and derived clients ------------------------------------------------------------

    def with_options(self, **options: Unpack[SessionChanges]) -> Self:
        """Makes a client with other options that shares this one's connections and rate budget.

        Headers, cookies, params and hooks are added to those of this client; all else replaces.
        Closing it closes nothing.

        Args:
            options: those of :class:`Client`, but for `adapter` and the pool's sizes.

        Raises:
            TypeError: a keyword is unknown or of the wrong kind.
            ValueError: a value makes no sense.
        """
        return self._with(options)

    def _with(self, options: Any) -> Self:
        changeable = [name for name in self._options if OPTIONS[name].place is not ADAPTER]
        refuse_unknown(self, changeable, options)
        derived = self._derived()
        derived._apply(checked(options))
        return derived

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Makes a client that sends these headers too; see :meth:`with_options`."""
        return self.with_options(headers=headers)

    def with_cookies(self, cookies: Cookies) -> Self:
        """Makes a client that sends these cookies too; see :meth:`with_options`."""
        return self.with_options(cookies=cookies)

    def with_timeout(self, timeout: TimeoutType) -> Self:
        """Makes a client with another timeout (seconds); see :meth:`with_options`."""
        return self.with_options(timeout=timeout)

    def _derived(self) -> Self:
        derived = type(self).__new__(type(self))
        vars(derived).update(vars(self), _is_derived=True)
        derived.cookies = _copied_jar(self.cookies)
        derived.hooks = lists_of_hooks(self.hooks)
        for name in ("headers", "params", "proxies"):
            setattr(derived, name, _copied(getattr(self, name)))
        derived.adapters = OrderedDict(self.adapters)
        renew_in_child(derived)
        return derived

    def _apply(self, options: Mapping[str, Any]) -> None:
        """Puts checked options in their places, and renews what is made of them."""
        for name, value in options.items():
            OPTIONS[name].place.put(self, name, value)
        self._renew({OPTIONS[name].place for name in options})

    def _renew(self, places: Collection[Place]) -> None:
        if ADAPTER in places:
            self._mount_adapter(**self._adapter_options)
        if self._transport is not None:
            self._set_transport(
                self._transport, self._transport.derive(self._policy, self._settings)
            )

    def _mount_adapter(self, *, adapter: BaseAdapter | None = None, **sizes: Any) -> None:
        if adapter is None:
            adapter = self._transport = Transport(**sizes)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def _set_transport(self, old: Transport, new: Transport) -> None:
        self._transport = new
        for prefix, adapter in self.adapters.items():
            if adapter is old:
                self.adapters[prefix] = new

    # Copies, forks --------------------------------------------------------------------------

    def __copy__(self) -> Self:
        return self._derived()

    def __deepcopy__(self, memo: Any) -> Self:
        return self._derived()

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), (self.base_url,), self._picklable_options())

    def _picklable_options(self) -> dict[str, Any]:
        return {name: OPTIONS[name].place.get(self, name) for name in self._options}

    def renew_after_fork(self) -> None:
        """Replaces the cookie jar, whose lock another thread may have held at the fork."""
        self.cookies = _copied_jar(self.cookies)

    # Requests -------------------------------------------------------------------------------

    def get(self, url: Any, params: Any = None, **kwargs: Any) -> requests.Response:
        """`requests.Session.get`, with redirects as the client has them."""
        return self.request("GET", url, params=params, **kwargs)

    def options(self, url: Any, **kwargs: Any) -> requests.Response:
        """`requests.Session.options`, with redirects as the client has them."""
        return self.request("OPTIONS", url, **kwargs)

    def request(
        self,
        method: str,
        url: Any,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        cookies: Any = None,
        files: Any = None,
        auth: Any = None,
        timeout: Any = None,
        allow_redirects: bool | None = None,
        proxies: Any = None,
        hooks: Any = None,
        stream: bool | None = None,
        verify: Any = None,
        cert: Any = None,
        json: Any = None,
    ) -> requests.Response:
        """`requests.Session.request` for a path below the base URL.

        Args:
            method: of the request.
            url: a path below the base URL, or an absolute URL of the same origin.
            params: as requests takes it, like all that follow.
            data: the body, or fields of a form.
            headers: beside the client's.
            cookies: beside the client's.
            files: to upload.
            auth: in place of the client's.
            timeout: seconds, or a (connect, read) pair of seconds; the client's by default.
            allow_redirects: whether redirects are followed; as the client does by default.
            proxies: in place of the client's.
            hooks: beside the client's.
            stream: whether the body is left to be read from `response.raw`.
            verify: in place of the client's.
            cert: in place of the client's.
            json: the body, to be written as JSON.

        Returns:
            The response, whatever its status.

        Raises:
            APIConnectionError: there is no response.
            APITimeoutError: there was none in time, or the deadline has passed.
            ConfigurationError: the URL is of another origin.
            InvalidResponseError: the body of a 2xx is larger than `max_response_bytes`.
            RateLimitError: the wait for the rate budget would exceed `max_wait` or pass the
                deadline; nothing was sent.
            RedirectError: a redirect that was to be followed leaves the origin.
        """
        check_fork()
        return super().request(
            method,
            self._absolute(url),
            params=params,
            data=data,
            headers=headers,
            cookies=cookies,
            files=files,
            auth=auth,
            timeout=timeout,
            allow_redirects=self.follow_redirects if allow_redirects is None else allow_redirects,
            proxies=proxies,
            hooks=hooks,
            stream=stream,
            verify=verify,
            cert=cert,
            json=json,
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """`requests.Session.send`, to this origin only."""
        check_fork()
        self._check_origin(request.url or "")
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        if "proxies" not in kwargs:
            kwargs["proxies"] = self._looked_up(request.url or "", None, None)[0]
        follow = kwargs.setdefault("allow_redirects", self.follow_redirects)
        self._warn_if_unverified(kwargs.get("verify", self.verify))
        self._note_write(request)
        try:
            if not follow:
                return super().send(request, **kwargs)
            with one_call():
                return super().send(request, **kwargs)
        except requests.RequestException as error:
            failure = of_the_caller(error) or translate(error, request)
        except BaseException as error:
            _note_if_of_a_hook(error, request)
            raise
        finally:  # again, for a walk that has begun meanwhile
            self._note_write(request)
        _note_if_of_a_hook(failure, request)
        raise failure

    def _note_write(self, request: requests.PreparedRequest) -> None:
        if request.method not in SAFE_METHODS:
            self._writes.latest = object()

    def _absolute(self, given: Any) -> str:
        url = given.decode() if isinstance(given, bytes) else str(given)
        if "://" in url.partition("?")[0]:
            self._check_origin(url.lstrip())  # requests would show a URL that it cannot parse
            return url
        if not url or url[0] == "?":
            return self.base_url + url
        return f"{self.base_url}/{url.lstrip('/')}"

    def _check_origin(self, url: str) -> None:
        if url.startswith(self._below) or origin_of(url) == self._origin:
            return
        raise ConfigurationError(
            f"This client talks to {self.base_url} only. For another host use another client."
        )

    def _warn_if_unverified(self, verify: Any) -> None:
        if not verify and not self._has_warned:
            self._has_warned = True
            warn(
                f"TLS certificates of {self.base_url} are not checked (verify=False): a machine "
                "on the way can read the key."
            )

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """`requests.Session`'s, also for a relative URL.

        A plain GET is put together from what is prepared already. Most requests are plain, and
        merging settings that they do not have and parsing a URL that needs no quoting is a third of
        what requests itself spends on one.

        Raises:
            ConfigurationError: the URL is of another origin.
        """
        if not str(request.url).startswith(self._below):
            request = copy.copy(request)
            request.url = self._absolute(request.url)
        headers = self._prepared_headers() if self._is_plain(request) else None
        if headers is None:
            return super().prepare_request(request)
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        url = str(request.url)
        if request.params or not self._plain_url.fullmatch(url):
            prepared.prepare_url(url, request.params)
        else:
            prepared.url = url
        prepared.headers = headers
        if type(self.cookies) is RequestsCookieJar and not self.cookies:
            # Asking an empty jar takes as long as the headers do.
            prepared._cookies = self.cookies  # pyright: ignore[reportPrivateUsage]
        else:
            prepared.prepare_cookies(self.cookies)
        if type(self.auth) is BearerAuth:
            self.auth(prepared)
        else:
            prepared.prepare_auth(self.auth)
        prepared.prepare_hooks(self.hooks)
        return prepared

    def _prepared_headers(self) -> CaseInsensitiveDict[str | bytes] | None:
        """The client's headers, which requests checks when they have changed; None if not plain."""
        headers: Any = self.headers
        if not is_mapping(headers):  # all else requests passes over
            return None
        given = list(headers.items())
        known, checked = self._checked_headers
        if given != known:
            if None in headers.values():  # which removes a header
                return None
            prepared = requests.PreparedRequest()
            prepared.prepare_headers(headers)
            checked = prepared.headers
            self._checked_headers = given, checked
        return checked.copy()

    def _is_plain(self, request: requests.Request) -> bool:
        own = (request.headers, request.cookies, request.auth, request.files, request.data)
        return (
            request.method == "GET"
            and callable(self.auth)
            and not (any(own) or self.params)
            and request.json is None
            and not any(request.hooks.values())
        )

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """Settles what a request is sent with: its own settings, the client's, the environment's.

        In this order, whereas requests puts the environment before the session. Without settings of
        the request's own the environment is read once, for it takes a fifth of a call, and again
        when `proxies`, `verify` or `trust_env` of the client change.
        """
        proxies, verify = (
            self._environment_settings(url)
            if not proxies and verify is None
            else self._looked_up(url, proxies, verify)
        )
        return {
            "proxies": dict(proxies),
            "stream": self.stream if stream is None else stream,
            "verify": verify,
            "cert": self.cert if cert is None else cert,
        }

    def _environment_settings(self, url: str) -> tuple[dict[str, str], Any]:
        state = (self.trust_env, self.verify, self.proxies)
        if self._environment is None or self._environment[0] != state:
            seen = (self.trust_env, self.verify, _copied(self.proxies))
            self._environment = (seen, *self._looked_up(url, None, None))
        return self._environment[1:]

    def _looked_up(self, url: str, proxies: Any, verify: Any) -> tuple[dict[str, str], Any]:
        trust = self.trust_env
        return (
            proxies_for(url, (proxies, self.proxies), trust_env=trust),
            certificates_for((verify, self.verify), trust_env=trust),
        )

    # Redirects ------------------------------------------------------------------------------

    def resolve_redirects(
        self,
        resp: requests.Response,
        req: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
        yield_requests: bool = False,
        **adapter_kwargs: Any,
    ) -> Generator[requests.Response, None, None]:
        """Follows within the origin; `response.next` stays None."""
        if not yield_requests:
            yield from super().resolve_redirects(
                resp, req, stream, timeout, verify, cert, proxies, **adapter_kwargs
            )

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where a response that is to be followed leads.

        Raises:
            RedirectError: to another origin, or from a POST to a GET.
        """
        try:
            target = super().get_redirect_target(resp)
            # As it will be sent: quoting can move the boundary between host and path.
            origin = target and origin_of(requote_uri(urljoin(resp.url, target)))
        except ValueError:  # a Location header can hold anything
            target, origin = resp.headers["Location"], None
        if not target:
            return None
        method = resp.request.method or ""
        if origin != self._origin:
            problem = "it leads to another origin"
        elif method not in SAFE_METHODS and resp.status_code not in _KEEPS_METHOD:
            problem = f"a GET would be sent in place of the {method}"
        elif resp.status_code in _KEEPS_METHOD and not is_repeatable(resp.request.body):
            problem = "the body can be sent only once"
        else:
            return target
        redactor = Redactor(resp.request)
        raise RedirectError(
            f"The redirect was not followed: {problem}.",
            status_code=resp.status_code,
            location=redactor.url(target),
            response=redactor.response(resp),
            request_line=request_line(resp.request),
        )

    def rebuild_proxies(self, prepared_request: Any, proxies: Any) -> Any:
        """Leaves the proxies as they are: the origin is the same, and all has been settled."""
        return proxies

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Leaves the bearer as it is: the origin is the same, and `.netrc` is not read."""

    def close(self) -> None:
        """Closes the connections; a derived client closes nothing."""
        if not self._is_derived:
            super().close()


class AuthenticatedClient(Client):
    """A client that sends a bearer token, to the origin of its base URL only.

    Args:
        base_url: what relative URLs are appended to.
        token: the bearer token.
        timeout: seconds, or a (connect, read) pair of seconds; None waits for ever.
        deadline: seconds that one call may take in all: waits, every attempt, reading. It cuts each
            timeout to what is left; None sets no bound.
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
        ConfigurationError: the base URL or the token cannot be used.
        TypeError: a keyword is unknown or of the wrong kind.
        ValueError: a value makes no sense.
    """

    @takes_options
    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: TimeoutType = 30.0,
        deadline: float | None = None,
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
        self._start(base_url)
        self.auth = BearerAuth(token, self.base_url)

    _options: ClassVar[list[str]] = options_of(__init__)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(
            f"{type(self).__name__} cannot be pickled: its token must not travel. Make a new one "
            "where it is needed."
        )


def _note_if_of_a_hook(error: BaseException, request: requests.PreparedRequest) -> None:
    if request.method not in SAFE_METHODS and of_a_hook(error):
        note_sent(error, request_line(request), "and answered")


def _plain_url(base_url: str) -> re.Pattern[str]:
    """What URLs below the base URL look like that requests would leave as they are."""
    prepared = requests.Request("GET", base_url).prepare().url or ""
    query = r"(\?([A-Za-z0-9._~=&+-]|%[2-7][0-9A-F])+)?"
    return re.compile(re.escape(prepared) + "[A-Za-z0-9/_-]*" + query)


def _copied(value: Any) -> Any:
    """A copy of what requests takes: a mapping mostly, also a list, text or None."""
    return value.copy() if hasattr(value, "copy") else value


def _copied_jar(cookies: CookieJar) -> RequestsCookieJar:
    copied = RequestsCookieJar()
    copied.update(cookies)  # takes no lock of the original
    return copied


def _unpickled(cls: type[Client], args: tuple[Any, ...], options: dict[str, Any]) -> Client:
    return cls(*args, **options)
