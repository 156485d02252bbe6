"""A sandbox that serves until Ctrl-C, and tells the terminal of its requests and mails."""

from __future__ import annotations

import contextlib
import sys
import time

from .messages import API_ROOT, Record
from .orders import Mail
from .sandbox import Sandbox

#: Seconds between two looks at what has come.
_PERIOD = 0.1


def serve(sandbox: Sandbox, orders: int, *, is_verbose: bool = False) -> None:
    """Serves until Ctrl-C. Prints what to export, and the rest on standard error.

    Args:
        sandbox: one that has not been started.
        orders: how many it has.
        is_verbose: whether each request and each mail is told.

    Raises:
        OSError: the port is taken.
    """
    with contextlib.suppress(KeyboardInterrupt), sandbox:
        print(f"export STATUSPRO_BASE_URL={sandbox.base_url}")
        print(f"export STATUSPRO_API_KEY={sandbox.api_key}", flush=True)
        print(f"# {orders} orders; Ctrl-C stops it", file=sys.stderr, flush=True)
        narrator = Narrator(sandbox)
        while True:
            # A Ctrl-C just before one endless wait would have no effect.
            time.sleep(_PERIOD)
            if is_verbose:
                narrator.tell()


class Narrator:
    """Writes a line on standard error for each request and each mail of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._requests = self._mails = 0
        self._unanswered: list[Record] = []

    def tell(self) -> None:
        """Tells of what has come since the last time; of a request when it has its response."""
        records = self._unanswered + self._sandbox.requests[self._requests :]
        self._requests += len(records) - len(self._unanswered)
        self._unanswered = [record for record in records if record.status is None]
        told = [(record.time, _request_line(record)) for record in records if record.status]
        mails = self._sandbox.mails[self._mails :]
        self._mails += len(mails)
        told += [(mail.time, _mail_line(mail)) for mail in mails]
        for moment, line in sorted(told):
            clock = time.strftime("%H:%M:%S", time.localtime(moment))
            print(f"{clock}  {line}", file=sys.stderr, flush=True)


def _request_line(record: Record) -> str:
    query = "&".join(f"{name}={value}" for name, values in record.query.items() for value in values)
    path = record.path.removeprefix(API_ROOT) + (f"?{query}" if query else "")
    body = record.body.decode("utf-8", "replace")
    return f"{record.status}  {record.method} {path}" + (f"  {body}" if body else "")


def _mail_line(mail: Mail) -> str:
    return f"mail to {', '.join(mail.to)}: {mail.subject}"
