"""The demo: what it shows, and that what it shows is what ran."""

import io
from pathlib import Path

import pytest

from statuspro.cli import demo
from statuspro.cli.terminal import Terminal


@pytest.fixture(scope="module")
def shown() -> str:
    """What the demo writes where it cannot be written over."""
    out = io.StringIO()
    demo.run_demo(Terminal(out, {}))
    return out.getvalue()


@pytest.mark.parametrize(
    "sight",
    [
        "● In Production",
        "orders, 4",  # the walk, of some forty pages
        "no status set",
        "#",
        "cannot move to st000007 now. Possible: st000003, st000004, st000005, st000006.",
        "“Sanded and oiled”",
        "mail to ",
        "50 orders;",
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
    assert sight in shown


def test_bulk_update_is_applied_in_the_end(shown: str) -> None:
    lines = shown.splitlines()
    (queued,) = (line for line in lines if "were shipped before" in line)
    (applied,) = (line for line in lines if "a moment later" in line)
    before = int(queued.rpartition("; ")[2].split()[0])
    assert int(applied.split()[3]) == before + 50


def test_demo_is_plain_text_without_a_terminal(shown: str) -> None:
    assert [char for char in shown if not char.isprintable() and char != "\n"] == []


def test_lines_of_code_that_are_shown_are_those_that_ran(shown: str) -> None:
    source = Path(demo.__file__).read_text(encoding="utf-8").splitlines()
    statements = {line.strip() for line in source if not line.strip().startswith(('"', "'"))}
    displayed = [line.strip() for line in shown.splitlines() if line.startswith("    ")]
    assert len(displayed) > 10
    assert [line for line in displayed if line not in statements] == []
