"""The clients' keywords: each one's check, its default and where it lives, in one table.

A keyword stands in two places: here, and in the signature of each constructor that takes it.
"""

# Annotations are evaluated here: to keep them as texts takes longer to import.
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from functools import partial, wraps
from http.cookiejar import CookieJar
from itertools import zip_longest
from typing import Any, NamedTuple, TypedDict, TypeVar, cast

from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout

from statuspro import _arguments
from statuspro._http.call import OnWait
from statuspro._http.retry import retry_policy
from statuspro._kinds import is_mapping
from statuspro._logging import Logger
from statuspro.pacing import RateLimit
from statuspro.redaction import sealed

TimeoutType = float | tuple[float | None, float | None] | Timeout | None
Hooks = Mapping[str, Callable[..., Any] | Iterable[Callable[..., Any]]]
Verify = bool | str | os.PathLike[str]
Cert = str | tuple[str, str]
Cookies = CookieJar | Mapping[str, str]

Constructor = TypeVar("Constructor", bound=Callable[..., None])


class Place(NamedTuple):
    """Where a client keeps an option.

    Attributes:
        name: of the place.
        put: puts a checked value there: `put(client, name, value)`.
        get: gets it as it can be pickled: `get(client, name)`.
    """

    name: str
    put: Callable[[Any, str, Any], None]
    get: Callable[[Any, str], Any]


class Option(NamedTuple):
    """One keyword.

    Attributes:
        check: gives the value to keep, or raises: `check(name, value)`.
        default: of the keyword.
        place: where a client keeps it.
        is_skipped: whether None counts as 'not given', whatever the check says.
    """

    check: Callable[[str, Any], Any]
    default: Any
    place: Place
    is_skipped: bool = False


# Checks ---------------------------------------------------------------------------------------


def _any(_: str, value: Any) -> Any:
    return value  # where it is used, it is checked


def _path(_: str, value: Any) -> Any:
    return value.__fspath__() if hasattr(value, "__fspath__") else value


def _proxies(name: str, value: Any) -> dict[str, str]:
    return dict(_arguments.mapping(name, value))


def _cookies(name: str, value: Any) -> Any:
    return value if isinstance(value, CookieJar) else _arguments.mapping(name, value)


def _hooks(name: str, value: Any) -> dict[str, list[Any]]:
    hooks = lists_of_hooks(_arguments.mapping(name, value))
    for event in hooks:
        if event not in default_hooks():
            raise ValueError(f"requests has no hook {event!r}")
    return hooks


def _rate_limit(name: str, value: Any) -> RateLimit | None:
    if value is not None and not isinstance(value, RateLimit):
        raise _arguments.wrong_kind(name, "a RateLimit or None", value)
    return value


def _on_wait(name: str, value: Any) -> OnWait | None:
    if value is not None and not callable(value):
        raise _arguments.wrong_kind(name, "a function", value)
    return value  # type: ignore[no-any-return]


def _logger(name: str, value: Any) -> Any:
    if value is None:
        return logging.getLogger("statuspro")
    for method in ("debug", "info", "warning", "error"):
        if not callable(getattr(value, method, None)):
            raise _arguments.wrong_kind(name, f"something with a method {method}", value)
    return value


_positive = partial(_arguments.whole_number, least=1)


# Places ---------------------------------------------------------------------------------------


def _merge(client: Any, name: str, more: Any) -> None:
    if not isinstance(getattr(client, name), MutableMapping):  # which requests passes over
        setattr(client, name, CaseInsensitiveDict[Any]() if name == "headers" else {})
    getattr(client, name).update(more)


def _merged(client: Any, name: str) -> Any:
    present = getattr(client, name)
    if not is_mapping(present):  # which requests passes over
        return None
    if name != "headers":
        return present
    return {key: value for key, value in present.items() if key.lower() != "authorization"}


def _add_hooks(client: Any, _: str, more: Mapping[str, list[Any]]) -> None:
    present = default_hooks() | lists_of_hooks(client.hooks)
    client.hooks = {event: hooks + more.get(event, []) for event, hooks in present.items()}


def _set_for_calls(client: Any, name: str, value: Any) -> None:
    client._settings = client._settings._replace(**{name: value})


def _get_for_calls(client: Any, name: str) -> Any:
    return getattr(client._settings, name)


def _set_policy(client: Any, _: str, value: int) -> None:
    client._policy = retry_policy(value)


def _set_for_adapter(client: Any, name: str, value: Any) -> None:
    client._adapter_options = {**client._adapter_options, name: value}


def _get_for_adapter(client: Any, name: str) -> Any:
    if name != "adapter":
        return client._adapter_options[name]
    return client.get_adapter(client.base_url) if client._transport is None else None


ATTRIBUTE = Place("an attribute of the client", setattr, getattr)
MERGED = Place("added to an attribute of the client", _merge, _merged)
HOOKS = Place("added to the client's hooks", _add_hooks, getattr)
CALLS = Place("what is asked of each call", _set_for_calls, _get_for_calls)
POLICY = Place("the retry policy", _set_policy, getattr)
BUDGET = Place("an attribute that the rate budget is found and used by", setattr, getattr)
ADAPTER = Place("the adapter, made once, at the start", _set_for_adapter, _get_for_adapter)

OPTIONS: dict[str, Option] = {
    "timeout": Option(_arguments.timeout, 30.0, ATTRIBUTE),
    "deadline": Option(_arguments.deadline, None, CALLS),
    "max_retries": Option(partial(_arguments.whole_number, least=0), 5, POLICY),
    "max_pages": Option(_positive, 100, ATTRIBUTE),
    "logger": Option(_logger, None, CALLS),
    "max_wait": Option(_arguments.seconds, 120.0, CALLS),
    "on_wait": Option(_on_wait, None, CALLS),
    "rate_limit": Option(_rate_limit, RateLimit(), BUDGET),
    "rate_limit_storage": Option(_any, None, BUDGET),
    "rate_limit_fallback": Option(_any, None, BUDGET),
    "rate_limit_reserve": Option(partial(_arguments.whole_number, least=0), 0, BUDGET),
    "max_response_bytes": Option(_positive, 64 * 2**20, CALLS, is_skipped=True),
    "follow_redirects": Option(_arguments.flag, False, ATTRIBUTE, is_skipped=True),
    "adapter": Option(_any, None, ADAPTER, is_skipped=True),
    "pool_connections": Option(_positive, 10, ADAPTER),
    "pool_maxsize": Option(_positive, 100, ADAPTER),
    "headers": Option(_arguments.mapping, None, MERGED, is_skipped=True),
    "cookies": Option(_cookies, None, MERGED, is_skipped=True),
    "params": Option(_arguments.mapping, None, MERGED, is_skipped=True),
    "hooks": Option(_hooks, None, HOOKS, is_skipped=True),
    "proxies": Option(_proxies, None, ATTRIBUTE, is_skipped=True),
    "verify": Option(_path, True, ATTRIBUTE, is_skipped=True),
    "cert": Option(_path, None, ATTRIBUTE, is_skipped=True),
    "trust_env": Option(_arguments.flag, True, ATTRIBUTE, is_skipped=True),
}


class SessionChanges(TypedDict, total=False):
    """What `with_options` of a :class:`statuspro.Client` takes."""

    timeout: TimeoutType
    deadline: float | None
    headers: Mapping[str, str] | None
    cookies: Cookies | None
    params: Mapping[str, Any] | None
    hooks: Hooks | None
    proxies: Mapping[str, str] | None
    verify: Verify
    cert: Cert | None
    trust_env: bool
    follow_redirects: bool
    max_response_bytes: int


class ClientChanges(SessionChanges, total=False):
    """What `with_options` of a :class:`statuspro.StatusProClient` takes."""

    max_retries: int
    max_pages: int
    logger: Logger | None
    max_wait: float
    on_wait: OnWait | None
    rate_limit: RateLimit | None
    rate_limit_storage: str | None
    rate_limit_fallback: str | None
    rate_limit_reserve: int


def takes_options(init: Constructor) -> Constructor:
    """Makes a constructor whose options are checked, and put in their places, by the table.

    An unknown keyword is refused first of all, whatever else is wrong. Arguments that are no
    options may be secrets: they are sealed. `init` leaves the options alone: they stand in its
    signature for `help`, editors and type checkers. When it has run they are checked, in the order
    in which the caller gave them, and put in their places.
    """
    names, positional = _parameters(init)

    @wraps(init)
    def constructor(self: Any, *arguments: Any, **keywords: Any) -> None:
        named = zip_longest(positional[: len(arguments)], arguments)
        arguments = tuple(_unless_option(name, value) for name, value in named)
        keywords = {name: _unless_option(name, value) for name, value in keywords.items()}
        refuse_unknown(self, names, keywords)
        init(self, *arguments, **keywords)
        given = dict(zip(positional, arguments, strict=False)) | keywords
        chosen = {name: OPTIONS[name].default for name in options_of(init) if name not in given}
        chosen |= {name: value for name, value in given.items() if name in OPTIONS}
        self._apply(checked(chosen))

    return cast("Constructor", constructor)


def _unless_option(name: str | None, value: Any) -> Any:
    return value if name in OPTIONS else sealed(value)


def _parameters(function: Callable[..., Any]) -> tuple[Sequence[str], Sequence[str]]:
    """Names the parameters of a method, and those that may be given by position."""
    code = getattr(function, "__wrapped__", function).__code__
    positional = code.co_varnames[1 : code.co_argcount]
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount], positional


def options_of(constructor: Callable[..., Any]) -> list[str]:
    """Names the options in the signature of a constructor."""
    return [name for name in _parameters(constructor)[0] if name in OPTIONS]


def refuse_unknown(client: object, known: Collection[str], given: Any) -> None:
    """Raises a TypeError that names the first unknown keyword."""
    for name in given:
        if name not in known:
            # A misspelt `api_key` would stay in the variables that error reporters show.
            given.clear()
            raise TypeError(f"{type(client).__name__} got an unexpected keyword argument {name!r}")


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Checks options in their order; those that are None and count as not given are left out.

    Raises:
        TypeError: a value is of the wrong kind.
        ValueError: a value makes no sense.
    """
    return {
        name: OPTIONS[name].check(name, value)
        for name, value in options.items()
        if not (value is None and OPTIONS[name].is_skipped)
    }


def lists_of_hooks(hooks: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    """Makes lists of what requests takes: for each event a hook, some of them or None."""
    return {
        event: [given] if callable(given) else list(given or ())
        for event, given in (hooks or {}).items()
    }
