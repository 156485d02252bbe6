"""Keeps a test in its sandbox: without the machine's settings, and away from every other origin."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from unittest import mock

from statuspro import config
from statuspro._json import is_object
from statuspro.sandbox.sandbox import is_sandbox
from statuspro.session import Client

if TYPE_CHECKING:
    from statuspro.sandbox import Sandbox

#: Settings of the machine, in the environment, that lead to another place or through one.
_WAYS = frozenset(
    "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NETRC".split()
)

#: Of Django's setting STATUSPRO: what the sandbox says in their place, by the environment.
_REPLACED = frozenset(
    "ADAPTER API_KEY BASE_URL CERT PROXIES RATE_LIMIT RATE_LIMIT_FALLBACK RATE_LIMIT_RESERVE "
    "RATE_LIMIT_STORAGE TRUST_ENV VERIFY".split()
)


class OtherOriginError(AssertionError):
    """A client was about to ask another origin than a sandbox, while a test uses a sandbox.

    Not a `StatusProError`: code that handles failures of the service must not hide it.
    """


def environment_of(sandbox: Sandbox) -> dict[str, str]:
    """Returns the environment as a test has it: the settings of the sandbox and no others."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STATUSPRO_") and name.upper() not in _WAYS
    }
    return {**kept, **sandbox.environment, "NETRC": os.devnull}


@contextmanager
def isolated() -> Iterator[None]:
    """Keeps out `.env` files and Django's settings, and guards every client."""
    guarded = _guarded(Client._check_origin)  # pyright: ignore[reportPrivateUsage]
    with (
        mock.patch.object(config, "_nearest_dotenv", return_value=None),
        mock.patch.object(Client, "_check_origin", guarded),
        _django_settings(),
    ):
        yield


def _guarded(check: Any) -> Any:
    def check_origin(client: Client, url: str) -> None:
        check(client, url)
        if not is_sandbox(client.base_url):
            raise OtherOriginError(
                f"This test uses a StatusPro sandbox, and this client is for {client.base_url}. "
                "Nothing was sent. Make the client while the test runs, not when a module is "
                "imported, and without base_url: it then talks to the sandbox."
            )

    return check_origin


def _django_settings() -> AbstractContextManager[object]:
    """Keeps what leads away from the sandbox out of Django's settings, where Django is in use.

    Django tells of the change by its signal `setting_changed`, also when it ends. So a client
    that was made from the settings is made anew.
    """
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return nullcontext()
    from django.test.utils import override_settings

    given = getattr(settings, "STATUSPRO", {})
    if not is_object(given):
        return nullcontext()  # malformed, of which Django's checks tell
    kept = {name: value for name, value in given.items() if name not in _REPLACED}
    return override_settings(STATUSPRO=kept)  # type: ignore[no-any-return]
