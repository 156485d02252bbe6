"""System checks: what of the settings will fail, or be slow, once the site is up."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core import checks, mail
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse
from urllib3.util import parse_url

from statuspro.config import API_KEY, NO_KEY, RATE_LIMIT_STORAGE, is_loopback
from statuspro.contrib.django import conf
from statuspro.contrib.django.client import DjangoClient, make_client
from statuspro.errors import ConfigurationError
from statuspro.pacing import IN_MEMORY

TAG = "statuspro"

#: Stands for the key where there is none: all else is checked with it. It is never sent.
_STAND_IN = "none"


def check_settings(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Checks the setting STATUSPRO, and the environment where that says nothing.

    Args:
        app_configs: the apps that Django checks; what is checked here belongs to no single app.
    """
    if problems := conf.faults():
        return [_malformed(problem) for problem in problems]
    found: list[checks.CheckMessage] = []
    try:
        try:
            client = make_client()
        except ImproperlyConfigured as error:
            if not _is_of_no_key(error):
                raise
            found.append(_no_key(error))
            client = make_client(api_key=_STAND_IN)
    except ImproperlyConfigured as error:
        return [*found, _malformed(str(error))]
    with client:
        found += _unshared_budget(client) + _late_deadline() + _no_real_service(client)
    return found


def check_lookup(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Checks that the tries of the customers' page are counted for all workers together.

    Args:
        app_configs: the apps that Django checks; what is checked here belongs to no single app.
    """
    if conf.faults() or not _is_in_production() or not _is_served("statuspro:lookup"):
        return []
    alias = conf.value_of("CACHE")
    kind = settings.CACHES[alias]["BACKEND"].rpartition(".")[2]
    if kind != "DummyCache" and (kind != "LocMemCache" or _workers() == 1):
        return []
    counts = "keeps nothing" if kind == "DummyCache" else "is one for each worker alone"
    return [
        checks.Warning(
            f"The cache {alias!r} {counts}: visitors can guess orders more often than "
            f'{conf.SETTING}["LOOKUP_TRIES"] says.',
            hint=(
                "Use a cache that the workers share, such as Redis or the database, and name it "
                f'in {conf.SETTING}["CACHE"].'
            ),
            id="statuspro.W005",
        )
    ]


def _is_served(view: str) -> bool:
    with suppress(NoReverseMatch):
        return bool(reverse(view))
    return False


def _is_of_no_key(error: ImproperlyConfigured) -> bool:
    cause = error.__cause__
    return isinstance(cause, ConfigurationError) and cause.message.startswith(NO_KEY)


def _no_key(error: ImproperlyConfigured) -> checks.CheckMessage:
    hint = f'Set {conf.SETTING}["API_KEY"], or the environment variable {API_KEY}.'
    return checks.Warning(str(error.__cause__), hint=hint, id="statuspro.W001")


def _malformed(problem: str) -> checks.CheckMessage:
    hint = (
        f"The keys of {conf.SETTING} are the keywords of statuspro.StatusProClient in capitals, "
        f"and {', '.join(conf.OWN)}."
    )
    return checks.Error(problem, hint=hint, id="statuspro.E001")


def _unshared_budget(client: DjangoClient) -> list[checks.CheckMessage]:
    is_paced = client.rate_limit is not None and conf.value_of("ADAPTER") is None
    is_shared = client.rate_limit_storage not in (None, IN_MEMORY)
    if not _is_in_production() or not is_paced or is_shared or _workers() == 1:
        return []
    return [
        checks.Warning(
            "Each worker counts its requests alone. Several workers together can send more than "
            "the service allows.",
            hint=(
                f'Set {conf.SETTING}["RATE_LIMIT_STORAGE"] (or {RATE_LIMIT_STORAGE}), such as '
                f'"sqlite:////var/lib/shop/budget.sqlite3". Where there is one worker only, set '
                f'{conf.SETTING}["WORKERS"] to 1.'
            ),
            id="statuspro.W002",
        )
    ]


def _late_deadline() -> list[checks.CheckMessage]:
    deadline, timeout = conf.value_of("DEADLINE"), _worker_timeout()
    if not timeout or (deadline is not None and deadline < timeout):
        return []
    has = "no deadline" if deadline is None else f"a deadline of {deadline:g} s"
    return [
        checks.Warning(
            f"A call of the service has {has}, but the server ends a worker after {timeout:g} s.",
            hint=f'Set {conf.SETTING}["DEADLINE"] well below {timeout:g}, such as 5.',
            id="statuspro.W003",
        )
    ]


def _no_real_service(client: DjangoClient) -> list[checks.CheckMessage]:
    url = parse_url(client.base_url)
    if not _is_in_production() or (url.scheme == "https" and not is_loopback(url.host or "")):
        return []
    return [
        checks.Warning(
            f"DEBUG is off, but the base URL is {client.base_url}: a sandbox or a server of this "
            "machine, and not the service.",
            hint=(
                f'Remove {conf.SETTING}["BASE_URL"], and STATUSPRO_BASE_URL from the environment '
                "and the .env."
            ),
            id="statuspro.W004",
        )
    ]


def _is_in_production() -> bool:
    # Django's test runners turn DEBUG off too. There, and only there, sent mail is kept.
    return not settings.DEBUG and not hasattr(mail, "outbox")


def _workers() -> int | None:
    """How many workers the server starts; None where that is not known."""
    told = conf.value_of("WORKERS") or _of_gunicorn("-w", "--workers")
    told = told or os.environ.get("WEB_CONCURRENCY", "")
    return int(told) if re.fullmatch(r"[0-9]+", str(told)) else None


def _worker_timeout() -> float | None:
    """Seconds after which the server ends a worker; None where that is not known, or never."""
    told = conf.value_of("WORKER_TIMEOUT")
    if told is None:
        told = _of_gunicorn("-t", "--timeout") or ""
    return float(told) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(told)) else None


def _of_gunicorn(short: str, long: str) -> str | None:
    """Finds an option of gunicorn's in the environment; the last one counts."""
    arguments = os.environ.get("GUNICORN_CMD_ARGS", "")
    found = re.findall(rf"(?:^|\s)(?:{short}\s*|{long}(?:\s+|=))([0-9]+)(?!\S)", arguments)
    return str(found[-1]) if found else None
