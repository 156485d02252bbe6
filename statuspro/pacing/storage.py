"""Where several processes share a budget: opened by its URL, imported only when asked for."""

from __future__ import annotations

import os

from statuspro.errors import ConfigurationError
from statuspro.pacing.budget import Storage
from statuspro.pacing.forking import registry

_storages: dict[str, Storage] = {}


def storage_at(url: str) -> Storage:
    """Opens the storage that a URL names: one in the process, whoever asks.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, or a URL of Redis (`redis://`,
            `rediss://`, `unix://`).

    Raises:
        ConfigurationError: the URL cannot be used, or its package is missing.
    """
    name = os.path.realpath(_path(url)) if url.startswith("sqlite:") else url
    with registry.lock:
        storage = _storages.get(name)
        if storage is None:
            storage = _storages[name] = _open(url, name)
        return storage


def _open(url: str, name: str) -> Storage:
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        from statuspro.pacing.sqlite import SQLiteStorage

        return SQLiteStorage(name)
    if scheme in ("redis", "rediss", "unix"):
        try:
            from statuspro.pacing.redis import RedisStorage
        except ModuleNotFoundError as error:
            if error.name != "redis":
                raise
            raise ConfigurationError(
                'rate_limit_storage needs the redis package: pip install "statuspro[redis]"'
            ) from error
        return RedisStorage(url)
    # Not the URL itself: it may hold a password.
    raise ConfigurationError(
        "rate_limit_storage must be a URL that begins with sqlite:///, redis://, rediss:// or unix://"
    )


def _path(url: str) -> str:
    path = url.removeprefix("sqlite:///")
    if path in (url, "", ":memory:"):
        raise ConfigurationError(
            "rate_limit_storage must name a file: sqlite:///relative/path or sqlite:////absolute/path"
        )
    return path
