"""The one client of a process, made when it is first asked for."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import requests
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.core.signals import setting_changed

from statuspro import _forks
from statuspro.client import StatusProClient
from statuspro.config import API_KEY, BASE_URL, RATE_LIMIT, RATE_LIMIT_STORAGE
from statuspro.contrib.django import conf
from statuspro.errors import ConfigurationError, without_section
from statuspro.redaction import sealed

_IN_LOOP = (
    "A call of the StatusPro client would block the event loop that runs in this thread. Await one "
    "of the async functions of statuspro.contrib.django, such as aget_order, or wrap the call in "
    "sync_to_async(..., thread_sensitive=False)."
)

#: What a client is made of, beside the settings.
_ENVIRONMENT = (API_KEY, BASE_URL, RATE_LIMIT, RATE_LIMIT_STORAGE)


class DjangoClient(StatusProClient):
    """A :class:`statuspro.StatusProClient` that refuses to block an event loop."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Sends a request, as the client of every layer does.

        Raises:
            SynchronousOnlyOperation: an event loop runs in this thread. As in Django itself, the
                environment variable DJANGO_ALLOW_ASYNC_UNSAFE allows the call.
        """
        if _is_in_loop() and not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):
            raise SynchronousOnlyOperation(_IN_LOOP)
        return super().send(request, **kwargs)


class _Kept:
    """What this process keeps, guarded by `_forks.lock`."""

    client: DjangoClient | None = None
    environment: tuple[Any, ...] = ()


def get_client() -> DjangoClient:
    """Gives this process's client: the same one until the settings or the environment change.

    It is made of the setting STATUSPRO and, where that says nothing, of the environment. Threads
    share it. A forked process opens connections of its own.

    Raises:
        ImproperlyConfigured: there is no key, or the settings cannot be used.
    """
    _forks.check_fork()
    with _forks.lock:  # a fork waits for this lock, so no child begins with half a client
        environment = _environment()
        if _Kept.client is None or _Kept.environment != environment:
            reset_client()
            _Kept.client, _Kept.environment = make_client(), environment
        return _Kept.client


def reset_client() -> None:
    """Closes this process's client: :func:`get_client` makes another one.

    Django's `override_settings` does this by itself.
    """
    with _forks.lock:
        client, _Kept.client = _Kept.client, None
    if client is not None:
        client.close()


def make_client(**more: Any) -> DjangoClient:
    """Makes a client of the settings and the environment.

    Args:
        more: keywords of the client that beat those of the settings.

    Raises:
        ImproperlyConfigured: there is no key, or the settings cannot be used.
    """
    if problems := conf.faults():
        raise ImproperlyConfigured(" ".join(problems))
    try:
        return DjangoClient(**{**conf.keywords(), **more})
    except ConfigurationError as error:
        hint = f'In Django, {conf.SETTING}["API_KEY"] and its like are these arguments.'
        raise ImproperlyConfigured(f"{without_section(error)} {hint}") from error
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{conf.SETTING} cannot be used: {error}") from error


def _environment() -> tuple[Any, ...]:
    return tuple(sealed(os.environ.get(name)) for name in _ENVIRONMENT)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _forget(*, setting: str, **_: Any) -> None:
    if setting == conf.SETTING:
        reset_client()


# Here and not when the app is ready: a project may use the client without the app.
setting_changed.connect(_forget, dispatch_uid="statuspro.contrib.django")
