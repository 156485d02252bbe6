"""Colours of what is written to a terminal, where it has them."""

import io

import pytest

from statuspro.cli.terminal import Terminal


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_on_a_terminal() -> None:
    terminal = Terminal(Screen(), {})
    assert terminal.coloured("pink", "pink") == "\033[38;5;205mpink\033[0m"
    assert terminal.coloured("white", "#FFFFFF") == "\033[38;5;231mwhite\033[0m"
    assert terminal.bold("b") == "\033[1mb\033[0m"
    assert terminal.dim("d") == "\033[2md\033[0m"


@pytest.mark.parametrize("color_term", ["truecolor", "24bit"])
def test_exact_colours_where_the_terminal_has_them(color_term: str) -> None:
    terminal = Terminal(Screen(), {"COLORTERM": color_term})
    assert terminal.coloured("pink", "#EC4899") == "\033[38;2;236;72;153mpink\033[0m"


@pytest.mark.parametrize("color", [None, "", "ultraviolet", "#12", "\033[31m"])
def test_unknown_colour_is_plain(color: str | None) -> None:
    assert Terminal(Screen(), {}).coloured("x", color) == "x"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_when_the_environment_says_so(environ: dict[str, str]) -> None:
    terminal = Terminal(Screen(), environ)
    assert terminal.coloured("x", "pink") == terminal.bold("x") == terminal.dim("x") == "x"


def test_empty_no_color_counts_as_absent() -> None:
    assert Terminal(Screen(), {"NO_COLOR": ""}).bold("x") != "x"


def test_no_control_characters_without_a_terminal() -> None:
    out = io.StringIO()
    terminal = Terminal(out, {})
    terminal.counter("1 order")
    terminal.line(terminal.bold(terminal.coloured("2 orders", "pink")))
    assert out.getvalue() == "2 orders\n"


def test_counter_is_written_over() -> None:
    out = Screen()
    terminal = Terminal(out, {"NO_COLOR": "1"})
    terminal.counter("10 orders")
    terminal.counter("20 orders")
    terminal.line("done")
    terminal.line("next")
    assert out.getvalue() == "10 orders\r         \r20 orders\r         \rdone\nnext\n"
