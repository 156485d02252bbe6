"""Progress is told in words, on a line that is written over where a terminal can do that."""

import io

import pytest

from statuspro._progress import counted, is_live


class Terminal(io.StringIO):
    """A terminal, as far as a program can ask."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 requests"), (1, "1 request"), (2, "2 requests"), (1000, "1,000 requests")],
)
def test_a_number_of_things_is_written_in_words(number: int, words: str) -> None:
    assert counted(number, "request") == words


@pytest.mark.parametrize(
    ("kind", "is_one"), [("xterm-256color", True), ("dumb", False), ("unknown", False)]
)
def test_a_line_is_written_over_on_a_terminal_that_can(
    kind: str, is_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", kind)
    assert is_live(Terminal()) is is_one
    assert not is_live(io.StringIO())
