"""Processes that end with the test that has started them."""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import AnyStr


class Process(subprocess.Popen[AnyStr]):
    """A process that is killed where its block fails.

    Python's own waits for the process to end by itself, which one that was to be interrupted, or
    to be asked to end, never does: the test would hang in the place of failing.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self.kill()
        super().__exit__(kind, error, traceback)
