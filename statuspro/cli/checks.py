"""What `statuspro doctor` looks at: each check says what it found, and what to do."""

from __future__ import annotations

import logging
import os
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from statuspro._version import __version__
from statuspro.cli.doctor import Finding
from statuspro.cli.exits import AUTHENTICATION, REFUSED, in_the_shell, text_of
from statuspro.cli.service_checks import findings_of, not_reached
from statuspro.cli.session import ShellClient, own_storage, place_of
from statuspro.config import (
    BASE_URL,
    DEFAULT_BASE_URL,
    RATE_LIMIT,
    RATE_LIMIT_STORAGE,
    Settings,
    check_bearer_url,
    proxies_for,
)
from statuspro.errors import (
    APIConnectionError,
    ConfigurationError,
    RateLimitError,
    StatusProError,
    without_section,
)
from statuspro.pacing import RateLimit, budget_for, limit_in
from statuspro.redaction import Secret
from statuspro.session import Client

#: Seconds: for each step of the one request, and for all of it.
_TIMEOUT, _DEADLINE = 5.0, 10.0

#: An extra, and a package that it brings.
_EXTRAS = {
    "cli": "click",
    "django": "django",
    "notebook": "pandas",
    "redis": "redis",
    "speed": "orjson",
}

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def _said(error: StatusProError) -> str:
    return in_the_shell(without_section(error))


class Examination:
    """Looks at the settings, at this machine and at the service, with one request."""

    def __init__(self) -> None:
        self._settings = Settings()
        self._url: str | None = None
        self._key: Secret | None = None
        self._limit: RateLimit | None = RateLimit()
        self._storage: str | None = None

    def findings(self) -> Iterator[Finding]:
        """Yields what is found, check by check."""
        yield from self._versions()
        yield from self._dotenv()
        yield from self._base_url()
        yield from self._api_key()
        yield from self._rate_limit()
        yield from self._budget()
        yield from self._proxies()
        yield from self._certificates()
        yield from self._service()

    def _versions(self) -> Iterator[Finding]:
        packages = [f"{name} {metadata.version(name)}" for name in ("requests", "urllib3")]
        python = f"Python {platform.python_version()}"
        yield Finding("versions", "ok", ", ".join([f"statuspro {__version__}", python, *packages]))
        there = [extra for extra, package in _EXTRAS.items() if _is_installed(package)]
        missing = [extra for extra in _EXTRAS if extra not in there]
        said = ", ".join(there) + (f"; not installed: {', '.join(missing)}" if missing else "")
        yield Finding("extras", "ok", said)

    # The settings

    def _dotenv(self) -> Iterator[Finding]:
        dotenv = self._settings.dotenv
        if dotenv.problem:
            advice = "Make the file readable, or move it away."
            yield Finding("settings", "warning", dotenv.problem, advice)
        elif dotenv.path is None:
            yield Finding("settings", "ok", "no .env in this folder or above it")
        else:
            said = ", ".join(dotenv.values) or "nothing of StatusPro in it"
            yield Finding("settings", "ok", f"{dotenv.path} ({said})")

    def _base_url(self) -> Iterator[Finding]:
        try:
            _, url = self._settings.credentials("any", None)  # the key is another check
            check_bearer_url(url)
        except ConfigurationError as error:
            advice = f"Set {BASE_URL}, or take it away for {DEFAULT_BASE_URL}."
            yield Finding("base URL", "problem", _said(error), advice, REFUSED)
        else:
            self._url = url
            yield Finding("base URL", "ok", f"{url} ({self._from(BASE_URL)})")

    def _api_key(self) -> Iterator[Finding]:
        url = None if self._url else DEFAULT_BASE_URL
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                self._key, _ = self._settings.credentials(None, url)
            except ConfigurationError as error:
                said, _, advice = _said(error).partition(". ")
                yield Finding("key", "problem", f"{said.rstrip('.')}.", advice, AUTHENTICATION)
            else:
                yield Finding("key", "ok", f"found in {self._settings.key_from}")
        for each in warned:
            said, _, advice = str(each.message).partition(": ")
            yield Finding("key", "warning", f"{said}.", advice)

    def _from(self, name: str) -> str:
        return self._settings.origin_of(name) or "the default"

    # The budget

    def _rate_limit(self) -> Iterator[Finding]:
        setting = self._settings.find(RATE_LIMIT, None)
        try:
            self._limit = limit_in(RATE_LIMIT, setting) if setting else RateLimit()
        except ConfigurationError as error:
            advice = f"Set it so, or not at all ({self._from(RATE_LIMIT)})."
            yield Finding("limit", "problem", _said(error), advice, REFUSED)
            return
        limit, origin = self._limit, self._from(RATE_LIMIT)
        if limit is None:
            yield Finding("limit", "ok", f"none: requests are not paced ({origin})")
        else:
            said = f"{limit.requests} requests, {limit.bulk} of them bulk, in {limit.period:g} s"
            yield Finding("limit", "ok", f"{said} ({origin})")

    def _budget(self) -> Iterator[Finding]:
        if self._limit is None:
            return
        try:
            storage = self._settings.find(RATE_LIMIT_STORAGE, None) or own_storage()
        except OSError as error:
            said = f"{error.filename}: {error.strerror}. Commands do not count together."
            advice = f"Make the folder usable, or set {RATE_LIMIT_STORAGE}."
            yield Finding("budget", "warning", said, advice)
            return
        with _collected() as (logger, told):
            yield self._reading(storage, logger)
        for text in told:
            yield Finding("budget", "warning", text[:1].upper() + text[1:] + ".")

    def _reading(self, storage: str | None, logger: logging.Logger) -> Finding:
        assert self._limit is not None
        where = self._from(RATE_LIMIT_STORAGE)
        origin = self._url or DEFAULT_BASE_URL
        try:
            if self._key is None or self._url is None:
                # Without a key there are no counts; what it shows is that the storage works.
                budget_for(origin, "", self._limit, storage=storage, logger=logger).read(0, 1.0)
                left = "it can be used"
            else:
                with self._client(storage=storage, logger=logger) as client:
                    left = _left_in(client)
        except StatusProError as error:
            advice = f"Mend it, or set {RATE_LIMIT_STORAGE} anew ({where})."
            return Finding("budget", "problem", f"{_said(error).rstrip('.')}.", advice, REFUSED)
        self._storage = storage
        return Finding("budget", "ok", f"{place_of(storage) or 'in each command alone'}: {left}")

    # The way to the service

    def _proxies(self) -> Iterator[Finding]:
        if self._url is None:
            return
        names = _proxies_set()
        proxy = next(iter(proxies_for(self._url, [], trust_env=True).values()), None)
        if proxy is None:
            said = f"none for this host ({names} is set)" if names else "none"
            yield Finding("proxy", "ok", said)
            return
        try:
            parts = parse_url(proxy)
        except LocationParseError:  # whose text would show the password
            said = "the environment's cannot be understood"
            yield Finding("proxy", "problem", said, f"Check {names}.", REFUSED)
        else:
            port = f":{parts.port}" if parts.port else ""
            said = f"{parts.host or 'one without a host'}{port} ({names or 'of the system'})"
            yield Finding("proxy", "ok", said)

    def _certificates(self) -> Iterator[Finding]:
        name = next((name for name in _BUNDLES if os.environ.get(name)), None)
        if name is None:
            return
        path = os.environ[name]
        if os.access(path, os.R_OK):
            yield Finding("certificates", "ok", f"{path} ({name})")
        else:
            said = f"{path} cannot be read"
            yield Finding("certificates", "problem", said, f"Check {name}.", REFUSED)

    def _service(self) -> Iterator[Finding]:
        if self._url is None:
            said = "not asked, as the base URL cannot be used"
            yield Finding("service", "warning", said)
            return
        try:
            with self._client(storage=self._storage) as client:
                response = client.get("/statuses")
        except APIConnectionError as error:
            yield not_reached(error, _proxies_set() or "its settings")
        except RateLimitError as error:  # of our own budget
            advice = f"Try again in {error.retry_after:.0f} s: other commands have used the budget."
            yield Finding("service", "problem", "not asked: the budget is used up", advice, REFUSED)
        except (StatusProError, OSError) as error:  # such as a bundle that cannot be read
            yield Finding("service", "problem", text_of(error), code=REFUSED)
        else:
            key_from = None if self._key is None else self._settings.key_from
            yield from findings_of(response, key_from, self._limit)

    def _client(self, storage: str | None = None, logger: logging.Logger | None = None) -> Client:
        """A client that asks once, with the key if there is one."""
        assert self._url is not None
        if self._key is None:
            return Client(self._url, timeout=_TIMEOUT, deadline=_DEADLINE)
        limit = self._limit if storage else None
        return ShellClient(
            self._key,
            self._url,
            max_retries=0,
            rate_limit=limit,
            rate_limit_storage=storage,
            logger=logger,
            timeout=_TIMEOUT,
            deadline=_DEADLINE,
        )


def _left_in(client: Client) -> str:
    reading = client.budget()
    if reading is None:
        return "nothing is counted"
    left = f"{reading['remaining']} of {reading['requests']} requests left"
    bulk = f"{reading['bulk_remaining']} of them bulk"
    return (
        f"{left}, {bulk}" if reading["remaining"] else f"{left}, one in {reading['next_in']:.0f} s"
    )


def _proxies_set() -> str:
    names = [name for name in _PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
    return ", ".join(names)


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


@contextmanager
def _collected() -> Iterator[tuple[logging.Logger, list[str]]]:
    """A logger, and the texts of its warnings."""
    told: list[str] = []
    logger = logging.getLogger("statuspro.cli.doctor")
    logger.propagate = False
    handler = _Collecting(told)
    logger.addHandler(handler)
    try:
        yield logger, told
    finally:
        logger.removeHandler(handler)


class _Collecting(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(record.getMessage())
