"""What is asked of a logger, and warnings at the caller's line."""

from __future__ import annotations

import logging
import sys
import warnings
from types import FrameType
from typing import Any, Literal, Protocol

#: Packages whose frames stand between the caller's line and ours.
_BETWEEN = frozenset({"statuspro", "requests", "urllib3"})


class Logger(Protocol):
    """The methods that a logger must have: those of `logging`, structlog and loguru all do."""

    def debug(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a maintainer looks for."""

    def info(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a user may like to know."""

    def warning(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a user should know."""

    def error(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Is never called: what goes wrong is raised."""


def log(
    logger: Logger, level: Literal["debug", "info", "warning"], template: str, *args: object
) -> None:
    """Logs a message in the form that the logger understands.

    Args:
        logger: gets the template and its arguments where it is a `logging.Logger`, which fills in
            only what a handler wants. Others know other templates: they get the whole text.
        level: the name of the logger's method.
        template: with `%s` and its like for each of the `args`.
        args: what the template names.
    """
    method = getattr(logger, level)
    if isinstance(logger, logging.Logger):
        method(template, *args, stacklevel=2)
    else:
        method(template % args)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the caller's line; Python shows an equal warning once a line."""
    frame = _callers_frame()
    _warn_at(frame, message, category, frame.f_globals.setdefault("__warningregistry__", {}))


def warn_each_time(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the caller's line, also where Python has shown an equal warning before."""
    _warn_at(_callers_frame(), message, category, {})


def _warn_at(
    frame: FrameType, message: str, category: type[Warning], shown: dict[Any, Any]
) -> None:
    module = frame.f_globals.get("__name__")
    filename, line = frame.f_code.co_filename, frame.f_lineno
    warnings.warn_explicit(message, category, filename, line, module, shown)


def _callers_frame() -> FrameType:
    """Finds the first frame outside the library; in a thread of ours, where the thread began."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while _package(frame) in _BETWEEN and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
