"""Where several processes share a budget: opened by its URL, imported only when asked for."""

from __future__ import annotations

from statuspro._logging import Logger
from statuspro.errors import ConfigurationError
from statuspro.storage.budget import Budget, Figures


def open_storage(
    url: str, digest: str, limit: Figures, *, fallback: Budget | None, logger: Logger
) -> Budget:
    """Opens the budget that a URL names.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, or a URL of Redis (`redis://`,
            `rediss://`, `unix://`).
        digest: tells this budget from others in the same storage.
        limit: the figures.
        fallback: the budget that paces while Redis cannot be reached; None raises instead.
        logger: told when the fallback begins.

    Raises:
        ConfigurationError: the URL cannot be used, or its package is missing.
    """
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        from statuspro.storage.sqlite import SQLiteBudget

        return SQLiteBudget(_path(url), digest, limit, logger=logger)
    if scheme in ("redis", "rediss", "unix"):
        try:
            from statuspro.storage.redis import RedisBudget
        except ModuleNotFoundError as error:
            if error.name != "redis":
                raise
            raise ConfigurationError(
                'rate_limit_storage needs the redis package: pip install "statuspro[redis]"'
            ) from error
        return RedisBudget(url, digest, limit, fallback=fallback, logger=logger)
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
