"""The journal of a bulk update: each step is on disk before a batch is sent, and afterwards.

A journal is a file with one line of JSON a step. The first line says of which update it is. A line
of ids follows for each batch that was `sent`, `accepted`, `refused`, or `not_sent` after all, and
for ids whose history showed the change later: `found`. The file holds order ids, and no text of a
customer's: of a comment it holds a digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from statuspro import _filelock
from statuspro._forks import renew_in_child
from statuspro._json import is_array, is_object
from statuspro.errors import ConfigurationError, StatusProError

#: What every journal begins with; the number is that of the format.
_KIND, _FORMAT = "statuspro_journal", 1
_BEGINNING = f'{{"{_KIND}":'.encode()

_STEPS = frozenset({"sent", "not_sent", "refused", "accepted", "found"})

#: Bytes that are read at a time.
_CHUNK = 2**20

Json = dict[str, Any]


class Sent(NamedTuple):
    """One moment at which a batch was sent.

    Attributes:
        at: by this machine's clock, in seconds since 1970.
        service_at: by the service's clock, not later than that; None where no response had told.
    """

    at: float
    service_at: float | None


class Steps:
    """What became of each id, as the steps tell; this class keeps it in memory alone."""

    #: Of the file; None where there is none.
    path: str | None = None

    def __init__(self) -> None:
        self._accepted: set[int] = set()
        self._open: dict[int, list[Sent]] = {}

    def is_kept(self) -> bool:
        """Tells whether a later run can go on from these steps."""
        return False

    def is_accepted(self, order_id: int) -> bool:
        """Tells whether the service has accepted the change of this order."""
        return order_id in self._accepted

    def sends_of(self, order_id: int) -> Sequence[Sent]:
        """Finds when the order was sent, the first time first, while no outcome is known."""
        return self._open.get(order_id, ())

    def note(self, step: str, order_ids: Sequence[int], sent: Sent | None = None) -> None:
        """Notes a step of these orders.

        Args:
            step: `sent`, `not_sent`, `refused`, `accepted` or `found`.
            order_ids: of the batch.
            sent: when they were sent; needed with the step `sent`.

        Raises:
            OSError: the journal cannot be written.
        """
        self._apply(step, order_ids, sent)

    def _apply(self, step: str, order_ids: Sequence[int], sent: Sent | None) -> None:
        if step in ("accepted", "found"):
            self._accepted.update(order_ids)
            for order_id in order_ids:
                self._open.pop(order_id, None)
        elif sent is not None:
            for order_id in order_ids:
                self._open.setdefault(order_id, []).append(sent)
        else:
            for order_id in order_ids:
                self._undo_send(order_id)

    def _undo_send(self, order_id: int) -> None:
        sends = self._open.get(order_id)
        if sends:
            sends.pop()
        if not sends:
            self._open.pop(order_id, None)


class Journal(Steps):
    """The steps of one bulk update, in a file that one process at a time may use.

    Args:
        path: the file; it is created readable by its owner alone. Its folder must exist.
        base_url: of the service.
        change: the body of the update, without its ids.

    Raises:
        ConfigurationError: the file is the journal of another update, or it is damaged.
        StatusProError: another update uses the journal now.
        OSError: the file cannot be used.
    """

    _descriptor = -1

    def __init__(self, path: str, base_url: str, change: Mapping[str, Any]) -> None:
        super().__init__()
        self.path = self._path = path
        self._process = os.getpid()
        self._failure: OSError | None = None
        self._descriptor = _open_locked(path)
        try:
            self._begin({_KIND: _FORMAT, "base_url": base_url, "change": _digested(change)})
        except BaseException:
            self.close()
            raise
        renew_in_child(self)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Unlocks and closes the file; in a forked child it only closes."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        try:
            if os.getpid() == self._process:  # a child that is being forked now has it open too
                _filelock.unlock(descriptor)
        finally:
            os.close(descriptor)

    __del__ = close

    def renew_after_fork(self) -> None:
        """Closes the child's copy: the lock is the parent's, and must die with the parent."""
        self.close()

    def is_kept(self) -> bool:
        """Tells whether a later run can go on: whether the file is where it was."""
        with contextlib.suppress(OSError):
            return self._descriptor >= 0 and _is_at(self._path, self._descriptor)
        return False

    def note(self, step: str, order_ids: Sequence[int], sent: Sent | None = None) -> None:
        """Writes the step to disk, see `Steps`."""
        line: Json = {"step": step, "order_ids": list(order_ids)}
        self._write(line if sent is None else {**line, **sent._asdict()})
        super().note(step, order_ids, sent)

    def _begin(self, header: Json) -> None:
        data = _read_all(self._descriptor)
        end = data.rfind(b"\n") + 1
        if end:
            lines = self._parsed(data[:end])
            _check_header(self._path, next(lines), header)
            for line in lines:
                self._apply(line["step"], line["order_ids"], _sent_of(line))
        elif not _is_alike(data, _BEGINNING):
            raise ConfigurationError(f"{self._path} is no journal of a bulk update.")
        # The process was killed while it wrote the rest. What that line would have said had not
        # been done yet (`sent`), or is found out again (`accepted`).
        os.ftruncate(self._descriptor, end)
        if not end:
            self._write(header)
            _sync_folder(self._path)

    def _parsed(self, data: bytes) -> Iterator[Json]:
        for number, text in enumerate(data.splitlines(), 1):
            line: Any = None
            with contextlib.suppress(ValueError):
                line = json.loads(text)
            if number == 1 and not (is_object(line) and _KIND in line):
                raise ConfigurationError(f"{self._path} is no journal of a bulk update.")
            if number > 1 and not _is_a_step(line):
                raise ConfigurationError(
                    f"Line {number} of the journal {self._path} is damaged: it does not tell what "
                    "was sent. Compare the orders with their histories (get_order), and begin a "
                    "new journal with those that are left."
                )
            yield line

    def _write(self, line: Json) -> None:
        """Appends a line, and returns when it is on disk."""
        self._check_file()
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._descriptor).st_size
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):  # no part of a line in the middle of the file
                os.ftruncate(self._descriptor, before)
            text = f"The journal cannot be written: {error.strerror}"
            self._failure = OSError(error.errno, text, self._path)
            raise self._failure from error

    def _check_file(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._descriptor < 0 or os.getpid() != self._process:
            raise StatusProError(f"The journal {self._path} belongs to the process that opened it.")
        if not _is_at(self._path, self._descriptor):
            raise StatusProError(
                f"The journal {self._path} was removed or replaced during the update. Another one "
                "with the same ids would change the accepted orders again. Begin it with those "
                "that were not sent."
            )


def _open_locked(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigurationError(f"{path} is no file, so it cannot be a journal.")
            _lock(descriptor, path)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # another process has removed the file meanwhile


def _lock(descriptor: int, path: str) -> None:
    """Locks the open file, and says which one it is where that cannot be."""
    try:
        _filelock.lock(descriptor)
    except BlockingIOError:
        raise StatusProError(
            f"The journal {path} is in use: another bulk update, in this or another process, has "
            "not ended yet. Nothing was sent."
        ) from None
    except OSError as error:
        raise OSError(
            error.errno, f"The journal cannot be locked: {error.strerror}", path
        ) from None


def _is_at(path: str, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts: list[bytes] = []
    while part := os.read(descriptor, _CHUNK):
        parts.append(part)
    return b"".join(parts)


def _sync_folder(path: str) -> None:
    """Has the folder on disk too, or a power cut would lose the new file."""
    if sys.platform != "win32":  # where no folder can be opened
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_alike(data: bytes, beginning: bytes) -> bool:
    """Whether one of them begins with the other, as a line does that was broken off."""
    length = min(len(data), len(beginning))
    return data[:length] == beginning[:length]


def _is_a_step(line: Any) -> bool:
    if not is_object(line) or line.get("step") not in _STEPS:
        return False
    ids = line.get("order_ids")
    if not is_array(ids) or not all(type(each) is int for each in ids):
        return False
    if line["step"] != "sent":
        return True
    return isinstance(line.get("at"), (int, float)) and isinstance(
        line.get("service_at"), (int, float, type(None))
    )


def _sent_of(line: Json) -> Sent | None:
    return Sent(line["at"], line["service_at"]) if line["step"] == "sent" else None


def _digested(change: Mapping[str, Any]) -> Json:
    """The change without its comment's words."""
    if "comment" not in change:
        return dict(change)
    digest = hashlib.sha256(change["comment"].encode("utf-8", "surrogatepass")).hexdigest()
    return {**change, "comment": f"sha256:{digest}"}


def _check_header(path: str, there: Json, here: Json) -> None:
    """Checks that a journal is of this update.

    Raises:
        ConfigurationError: it is not; the message says in what they differ.
    """
    if there[_KIND] != _FORMAT or not is_object(there.get("change")):
        raise ConfigurationError(
            f"The journal {path} was written by another version of statuspro. "
            "Go on with that version."
        )
    is_there = {"base_url": there.get("base_url"), **there["change"]}
    is_here = {"base_url": here["base_url"], **here["change"]}
    names = [name for name in {**is_here, **is_there} if is_there.get(name) != is_here.get(name)]
    if names:
        told = "; ".join(_difference(name, is_there, is_here) for name in names)
        raise ConfigurationError(
            f"The journal {path} is of another bulk update: {told}. Nothing was sent. Give each "
            "update a journal of its own."
        )


def _difference(name: str, there: Json, here: Json) -> str:
    if name == "comment":
        return "its comment is another one"
    said = (repr(values[name]) if name in values else "not given" for values in (there, here))
    return "{} is {} there and {} here".format(name, *said)
