"""The journal's file: what it holds, whose it is, what damage it bears, and its lock."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statuspro import ConfigurationError, StatusProError
from statuspro.api.journal import Journal, Sent
from tests.support.paths import ROOT

URL = "https://shop.test/api/v1"
CHANGE = {"status_code": "st000003", "comment": "For Ann", "email_customer": False}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "journal")


def opened(path: str, **change: Any) -> Journal:
    return Journal(path, URL, {**CHANGE, **change})


def filled(path: str) -> bytes:
    """A journal of four batches: accepted, sent twice, not sent after all, found."""
    with opened(path) as journal:
        for number, at in enumerate((10.0, 20.0, 30.0, 40.0)):
            journal.note("sent", [number, number + 100], Sent(at, None))
        journal.note("accepted", [0, 100])
        journal.note("sent", [1, 101], Sent(50.0, 55.5))
        journal.note("not_sent", [2, 102])
        journal.note("found", [3, 103])
    return Path(path).read_bytes()


def state_of(journal: Journal) -> dict[int, Any]:
    ids = [number + more for number in range(4) for more in (0, 100)]
    return {each: journal.is_accepted(each) or tuple(journal.sends_of(each)) for each in ids}


def test_a_new_journal_is_its_owners_alone_and_says_of_which_update_it_is(path: str) -> None:
    opened(path).close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    (line,) = map(json.loads, Path(path).read_text().splitlines())
    assert line["base_url"] == URL
    assert line["change"]["status_code"] == "st000003"
    assert line["change"]["email_customer"] is False
    assert "Ann" not in Path(path).read_text()


def test_a_journal_that_is_opened_again_knows_what_became_of_each_id(path: str) -> None:
    filled(path)
    with opened(path) as journal:
        twice = (Sent(20.0, None), Sent(50.0, 55.5))
        assert {each: state_of(journal)[each] for each in range(4)} == {
            0: True,
            1: twice,
            2: (),
            3: True,
        }
        assert state_of(journal)[101] == twice


def test_each_step_is_a_line_of_json(path: str) -> None:
    lines = [json.loads(line) for line in filled(path).splitlines()]
    assert lines[1] == {"step": "sent", "order_ids": [0, 100], "at": 10.0, "service_at": None}
    assert lines[5] == {"step": "accepted", "order_ids": [0, 100]}


def test_each_step_is_on_disk_before_it_counts(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(b"folder" if is_folder else Path(path).read_bytes().splitlines()[-1])

    monkeypatch.setattr(os, "fsync", fsync)
    with opened(path) as journal:
        journal.note("sent", [7], Sent(1.0, None))
        journal.note("accepted", [7])
    assert [b"statuspro_journal" in synced[0], synced[1]] == [True, b"folder"]
    assert [json.loads(line)["step"] for line in synced[2:]] == ["sent", "accepted"]


# Damage ---------------------------------------------------------------------------------------


def test_a_line_that_was_broken_off_counts_as_not_written(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # which takes its time
    data = filled(path)
    states = []
    for length in range(len(data) + 1):
        Path(path).write_bytes(data[:length])
        with opened(path) as journal:
            states.append(state_of(journal))
            journal.note("sent", [7], Sent(1.0, None))
        with opened(path) as journal:
            assert journal.sends_of(7) == [Sent(1.0, None)]
            assert {**state_of(journal)} == states[-1]
    assert len({repr(state) for state in states}) == data.count(b"\n") == 9


@pytest.mark.parametrize("line", [2, 5, 9])
@pytest.mark.parametrize(
    "damage",
    [
        b"\0\0\0",
        b"{",
        b"[]",
        b'{"step": "sent"}',
        b'{"step": "vanished", "order_ids": [1]}',
        b'{"step": "accepted", "order_ids": ["1"]}',
        b'{"step": "sent", "order_ids": [1]}',
        b'{"step": "sent", "order_ids": [1], "at": null, "service_at": null}',
    ],
)
def test_damage_elsewhere_is_refused_and_left_as_it_is(path: str, line: int, damage: bytes) -> None:
    lines = filled(path).splitlines()
    lines[line - 1] = damage
    Path(path).write_bytes(before := b"\n".join([*lines, b"and more"]))
    with pytest.raises(ConfigurationError, match=f"Line {line} of the journal .* is damaged"):
        opened(path)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize(
    "data", [b"id,name\n", b"id", b"{}\n", b"\n", b'{"statuspro', b"\0" * 9 + b"\n", b"[1]\n"]
)
def test_another_file_is_refused_and_left_as_it_is(path: str, data: bytes) -> None:
    Path(path).write_bytes(data)
    if b'{"statuspro_journal":'.startswith(data):  # broken off
        opened(path).close()
        return
    with pytest.raises(ConfigurationError, match="is no journal of a bulk update"):
        opened(path)
    assert Path(path).read_bytes() == data


def test_a_journal_of_a_later_version_is_refused(path: str) -> None:
    Path(path).write_bytes(filled(path).replace(b'"statuspro_journal":1', b'"statuspro_journal":2'))
    with pytest.raises(ConfigurationError, match="another version"):
        opened(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="is no file"):
        opened(str(tmp_path / "pipe"))
    with pytest.raises(IsADirectoryError):
        opened(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        opened(str(tmp_path / "missing" / "journal"))


# Of another update ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status_code": "st000004"}, "status_code is 'st000003' there and 'st000004' here"),
        ({"email_customer": True}, "email_customer is False there and True here"),
        ({"public": True}, "public is not given there and True here"),
        ({"send_at": 1}, "send_at is not given there and 1 here"),
        ({"due_date": "2026-04-01"}, "due_date is not given there and '2026-04-01' here"),
        ({"comment": "For Bob"}, "its comment is another one"),
        ({"comment": "x", "public": False}, "its comment is another one; public is not given"),
    ],
)
def test_a_journal_of_other_options_is_refused(
    path: str, change: dict[str, Any], told: str
) -> None:
    before = filled(path)
    with pytest.raises(ConfigurationError) as caught:
        opened(path, **change)
    assert told in str(caught.value)
    assert path in str(caught.value)
    assert "Ann" not in str(caught.value)
    assert "Bob" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert Path(path).read_bytes() == before


def test_a_journal_of_another_service_or_without_its_comment_is_refused(path: str) -> None:
    filled(path)
    with pytest.raises(ConfigurationError, match=r"base_url is 'https://shop\.test/api/v1' there"):
        Journal(path, "https://other.test", CHANGE)
    with pytest.raises(ConfigurationError, match="its comment is another one"):
        Journal(path, URL, {key: CHANGE[key] for key in CHANGE if key != "comment"})


def test_half_a_surrogate_pair_in_a_comment_is_no_error(path: str) -> None:
    opened(path, comment="\ud83d").close()
    opened(path, comment="\ud83d").close()


# The lock -------------------------------------------------------------------------------------

_HOLDER = """
import sys, time
from statuspro.api.journal import Journal
journal = Journal(sys.argv[1], "https://shop.test/api/v1", {change})
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(path: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the journal open."""
    code = _HOLDER.format(change=CHANGE)
    process = subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_until_the_first_one_dies(
    path: str, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(StatusProError, match="is in use: another bulk update"):
        opened(path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    opened(path).close()


def test_a_second_update_of_the_same_process_is_refused_until_the_first_one_ends(path: str) -> None:
    with opened(path), pytest.raises(StatusProError, match="is in use"):
        opened(path)
    journal = opened(path)
    del journal  # forgotten
    opened(path).close()


def test_a_forked_child_neither_keeps_the_lock_nor_writes(path: str) -> None:
    journal = opened(path)
    child = os.fork()
    if not child:
        try:
            journal.note("accepted", [7])
        except StatusProError:
            time.sleep(60)
        os._exit(1)
    try:
        journal.note("accepted", [8])
        journal.close()
        opened(path).close()  # the child lives on
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_journal_that_cannot_be_locked_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*arguments: Any) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(OSError, match="cannot be locked: No locks available"):
        opened(path)


# Trouble while it is in use -------------------------------------------------------------------


@pytest.fixture
def full_disk(path: str) -> Iterator[None]:
    """No file may grow any more."""
    opened(path).close()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(path).st_size + 10, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_and_leaves_no_part_of_a_line(path: str) -> None:
    before = Path(path).read_bytes()
    with opened(path) as journal:
        for _ in range(2):
            with pytest.raises(OSError, match="The journal cannot be written: File too large"):
                journal.note("accepted", [7])
        assert not journal.is_accepted(7)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_journal_that_is_taken_away_is_written_to_no_more(path: str, is_replaced: bool) -> None:
    with opened(path) as journal:
        os.rename(path, f"{path}.old")
        if is_replaced:
            opened(path).close()
        with pytest.raises(StatusProError, match="removed or replaced"):
            journal.note("accepted", [7])
        assert not journal.is_accepted(7)


def test_a_journal_that_is_removed_while_it_is_opened_is_made_anew(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.samestat
    removed: list[str] = []

    def samestat(*arguments: Any) -> bool:
        if not removed:
            os.unlink(path)
            removed.append(path)
            return False
        return real(*arguments)

    monkeypatch.setattr(os.path, "samestat", samestat)
    with opened(path) as journal:
        journal.note("accepted", [7])
    with opened(path) as journal:
        assert journal.is_accepted(7)
