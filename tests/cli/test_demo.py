"""The demo: what it shows, and that what it shows is what ran."""

import contextlib
import io
import re
import signal
import subprocess
from pathlib import Path

import pytest

from statuspro.cli import demo
from statuspro.cli.drawing import Console
from tests.support.processes import Process
from tests.support.terminal import COMMAND, environment, on_terminal, plain, run


@pytest.fixture(scope="module")
def shown() -> str:
    """What the demo writes where there is no terminal."""
    written = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(written, "utf-8", write_through=True)):
        demo.run_demo(Console())
        return written.getvalue().decode()


@pytest.mark.parametrize(
    "sight",
    [
        "● In Production",
        "orders, 19 pages",
        "○ no status",
        "#",
        "cannot move to st000007 now. Possible: st000003, st000004, st000005, st000006.",
        "“Sanded and oiled”",
        "mail to ",
        "50 orders;",
        "2,000 orders are in the copy",
        "is changed: ● In Production → ● On Hold",
        "the job may send 0 requests at once, the next in ",
        "a web page may send 20 requests at once\n",
        "40 requests were sent in this minute, of 60",
        "(503)",
        "the connection failed",
        "nothing had to be caught",
        "status_code        422",
        "validation_errors  {'status_code':",
        "maybe_applied      False",
        "export STATUSPRO_API_KEY=",
    ],
)
def test_demo_shows(shown: str, sight: str) -> None:
    assert " ".join(sight.split()) in " ".join(shown.split())


def test_bulk_update_is_applied_in_the_end(shown: str) -> None:
    lines = shown.splitlines()
    (queued,) = (line for line in lines if "were shipped before" in line)
    (applied,) = (line for line in lines if "a moment later" in line)
    before = int(queued.rpartition("; ")[2].split()[0])
    assert int(applied.split()[3]) == before + 50


def test_demo_is_plain_text_without_a_terminal(shown: str) -> None:
    allowed = "\n\u200d"  # names in Devanagari join letters
    assert [char for char in shown if not char.isprintable() and char not in allowed] == []


def test_lines_of_code_that_are_shown_are_those_that_ran(shown: str) -> None:
    source = Path(demo.__file__).read_text(encoding="utf-8").splitlines()
    statements = {line.strip() for line in source if not line.strip().startswith(('"', "'"))}
    displayed = [line.strip() for line in shown.splitlines() if re.match(" {4,12}[a-z)]", line)]
    assert len(displayed) > 15
    assert [line for line in displayed if line not in statements] == []


def test_a_pipe_whose_encoding_knows_no_bullet_gets_plain_text() -> None:
    shown = run("demo", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert shown.stderr == ""
    assert "* In Production" in shown.stdout
    assert "?" not in shown.stdout.split("3. One order")[0]  # behind it stands a customer's name
    assert "\033" not in shown.stdout
    assert "\r" not in shown.stdout


def test_a_reader_that_leaves_ends_the_demo_quietly() -> None:
    with Process[bytes](
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


def test_a_terminal_has_colours_and_a_live_count() -> None:
    shown, status = on_terminal("demo", columns=60, COLORTERM="truecolor")
    assert status == 0
    assert "\033[38;2;" in shown
    assert len(re.findall(r"[\d,]+ orders", shown)) > 5
    assert max(len(line) for line in plain(shown).splitlines() if "●" in line) <= 60


def test_no_color_in_a_terminal() -> None:
    shown, status = on_terminal("demo", NO_COLOR="1")
    assert status == 0
    assert "● In Production" in shown
    assert "\033[3" not in shown


def test_ctrl_c_ends_the_demo_without_a_traceback() -> None:
    with Process[bytes](
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read().strip() == b""
        assert process.wait(timeout=30) == 130
