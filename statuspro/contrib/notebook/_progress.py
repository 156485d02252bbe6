"""A bar that counts what is read, and says why it waits."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
import warnings
from types import TracebackType
from typing import Any, Literal, Protocol

from statuspro._logging import Logger, log
from statuspro._progress import BETWEEN_LINES, is_live
from statuspro._typing import Self
from statuspro.client import StatusProClient
from statuspro.session import Client

#: Seconds. What takes less needs no bar, and a shorter wait no countdown.
_SHORTEST_SHOWN, _SHORTEST_WAIT = 0.5, 1.0

#: What a reason says of the time, which a countdown says better.
_STALE = re.compile(r", (?:next slot|trying again) in [^,]*$")

_WITHOUT_TQDM = 'No progress is shown without tqdm: pip install "statuspro[notebook]"'


class Progress:
    """Shows how much has been read while its block runs, and counts waits down.

    In a notebook and in a terminal this is a bar of tqdm, elsewhere a line a minute on standard
    error. Nothing is shown of what takes less than half a second.

    Args:
        what: is read, such as `Orders`.
        shown: whether anything is shown.
    """

    def __init__(self, what: str, *, shown: bool) -> None:
        self.is_shown = shown
        self._display = _display(what) if shown else None
        self._lock = threading.Lock()
        self._done = 0
        self._total: int | None = None
        self._more = ""
        self._waits: dict[int, tuple[float, str]] = {}
        self._ticker: threading.Thread | None = None
        self._over = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._over.set()
            if self._display is not None:
                self._display.close(self._done, is_whole=error is None)

    def asking(self, client: Client) -> Client:
        """Returns a client like this one whose waits are shown, and told to its `on_wait` too."""
        if self._display is None or not isinstance(client, StatusProClient):
            return client
        theirs, logger = client.on_wait, _Logger(client.logger)

        def tell(seconds: float, reason: str) -> None:
            if theirs is not None:
                theirs(seconds, reason)
            self.wait(seconds, reason)
            logger.pass_over_next()

        if _has_handlers(client.logger):
            return client.with_options(on_wait=tell)
        return client.with_options(on_wait=tell, logger=logger)

    def at(self, done: int, total: int | None = None, more: str = "") -> None:
        """Shows how much has been read.

        Args:
            done: how many.
            total: of how many, if that is known.
            more: what else there is to say.
        """
        with self._lock:
            self._done, self._total, self._more = done, total, more
            self._waits.pop(threading.get_ident(), None)
            self._show()

    def wait(self, seconds: float, reason: str) -> None:
        """Counts down a wait of this thread that begins now."""
        if seconds < _SHORTEST_WAIT:
            return
        with self._lock:
            self._waits[threading.get_ident()] = time.monotonic() + seconds, reason
            if self._ticker is None and not self._over.is_set():
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()
            self._show()

    def _tick(self) -> None:
        while True:
            with self._lock:
                seconds = self._seconds_left()
                if not seconds:
                    self._ticker = None
                self._show()
            if not seconds or self._over.wait(_to_next_second(seconds)):
                return

    def _seconds_left(self) -> float:
        """How long the longest wait goes on; drops those that are over."""
        now = time.monotonic()
        self._waits = {key: wait for key, wait in self._waits.items() if wait[0] > now}
        return max((until - now for until, _ in self._waits.values()), default=0.0)

    def _show(self) -> None:
        if self._display is None or self._over.is_set():
            return
        seconds, waiting = self._seconds_left(), ""
        if seconds:
            _, reason = max(self._waits.values())
            waiting = f"waiting {max(round(seconds), 1)} s: {_STALE.sub('', reason)}"
        self._display.show(self._done, self._total, self._more, waiting)


def _to_next_second(seconds: float) -> float:
    """How long until a countdown shows another number; it may have been woken a little early."""
    pause = seconds % 1
    return pause if pause > 0.05 else pause + 1


class _Logger:
    """Hands records on, but for that of a wait that a bar shows.

    Without a handler Python would write it to standard error, into the bar.

    Args:
        logger: gets the others.
    """

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._thread = threading.local()

    def pass_over_next(self) -> None:
        """Passes over the next record of this thread."""
        self._thread.is_told = True

    def debug(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a maintainer looks for."""
        self._log("debug", msg, args)

    def info(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a user may like to know."""
        self._log("info", msg, args)

    def warning(self, msg: str, /, *args: Any, **kwargs: Any) -> Any:
        """Takes what a user should know."""
        self._log("warning", msg, args)

    error = warning

    def _log(self, level: Literal["debug", "info", "warning"], msg: str, args: Any) -> None:
        is_told = getattr(self._thread, "is_told", False)
        self._thread.is_told = False
        if not is_told:
            log(self._logger, level, msg, *args)


def _has_handlers(logger: Logger) -> bool:
    return not isinstance(logger, logging.Logger) or logger.hasHandlers()


class _Display(Protocol):
    """What is seen of a progress."""

    def show(self, done: int, total: int | None, more: str, waiting: str) -> None:
        """Shows how much has been read, and what is waited for."""

    def close(self, done: int, *, is_whole: bool) -> None:
        """Ends it."""


class _Bar:
    """A bar of tqdm, which appears when there is something to wait for."""

    def __init__(self, tqdm: Any, what: str) -> None:
        self._tqdm = tqdm
        self._what = what
        self._began = time.time()  # tqdm's clock
        self._bar: Any = None

    def show(self, done: int, total: int | None, more: str, waiting: str) -> None:
        is_due = waiting or time.time() - self._began >= _SHORTEST_SHOWN
        if self._bar is None and is_due:
            self._bar = self._new(total)
        if self._bar is not None:
            self._update(self._bar, done, total, more, waiting)

    def _new(self, total: int | None) -> Any:
        # Of pages that come at once, and waits between them, only the average rate says something.
        options = {"unit": " orders", "miniters": 1, "smoothing": 0, "dynamic_ncols": True}
        bar = self._tqdm(desc=self._what, total=total, **options)
        bar.start_t = self._began
        return bar

    def _update(self, bar: Any, done: int, total: int | None, more: str, waiting: str) -> None:
        had, bar.bar_format = bar.bar_format, _waiting_format(waiting) if waiting else None
        bar.set_postfix_str(more, refresh=False)
        if total is not None and (bar.total is None or bar.total < done):
            self._reset(bar, done, max(total, done))
        bar.update(done - bar.n)
        if bar.bar_format != had:
            bar.refresh()

    def _reset(self, bar: Any, done: int, total: int) -> None:
        bar.reset(total)  # which tells a notebook's widget too, and begins anew
        bar.start_t, bar.n = self._began, done
        bar.refresh()

    def close(self, done: int, *, is_whole: bool) -> None:
        if self._bar is None:
            return
        self._bar.bar_format = None
        self._bar.update(done - self._bar.n)
        if is_whole and self._bar.total != done:
            self._reset(self._bar, done, done)
        self._bar.close()


class _Lines:
    """A line a minute, where a line cannot be written over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._told_at = time.monotonic()

    def show(self, done: int, total: int | None, more: str, waiting: str) -> None:
        now = time.monotonic()
        if now - self._told_at >= BETWEEN_LINES:
            self._told_at = now
            self._write(f"{done:,}" if total is None else f"{done:,} of {total:,}", more, waiting)

    def close(self, done: int, *, is_whole: bool) -> None:
        if self._told_at != self._began:
            self._write(f"{done:,}", "done" if is_whole else "stopped")

    def _write(self, counted: str, *more: str) -> None:
        seconds = time.monotonic() - self._began
        parts = [f"{self._what}: {counted}", f"{seconds / 60:.0f} min", *filter(None, more)]
        print(", ".join(parts), file=sys.stderr, flush=True)


def _waiting_format(waiting: str) -> str:
    text = waiting.replace("{", "{{").replace("}", "}}")
    return "{l_bar}{bar}| {n_fmt}/{total_fmt}, " + text


def _display(what: str) -> _Display | None:
    tqdm = _tqdm()
    if tqdm is None:
        return None
    return _Bar(tqdm, what) if _is_kernel() or is_live(sys.stderr) else _Lines(what)


def _tqdm() -> Any:
    """The bar for where this runs; None, and a message once, where tqdm is missing."""
    global _has_said
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a notebook lacks widgets: it gets a bar of text
            from tqdm.auto import tqdm
    except ModuleNotFoundError:
        if not _has_said:
            _has_said = True
            print(_WITHOUT_TQDM, file=sys.stderr)
        return None
    return tqdm


_has_said = False


def _is_kernel() -> bool:
    """Tells whether this is a notebook: the kernel of a Jupyter front end."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython is not None else None
    return "IPKernelApp" in getattr(shell, "config", {})
