"""What is logged, by every logger."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def all_records() -> Iterator[list[logging.LogRecord]]:
    """Every record of every logger, from DEBUG on."""
    records: list[logging.LogRecord] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    root = logging.getLogger()
    collector = Collector(logging.DEBUG)
    names = ["", "urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests", "statuspro"]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(collector)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        root.removeHandler(collector)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
