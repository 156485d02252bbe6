"""Options whose refusal says what is right."""

import click
import pytest

from statuspro.cli.parameters import comment_text
from tests.support.terminal import invoke


@pytest.mark.parametrize(
    ("option", "value", "right"),
    [
        ("--orders", "x", "must be a whole number, 0 or more, not 'x'"),
        ("--orders", "-1", "must be a whole number, 0 or more, not '-1'"),
        ("--orders", "1.5", "must be a whole number, 0 or more, not '1.5'"),
        ("--orders", "٣", "must be a whole number, 0 or more, not '٣'"),
        ("--port", "65536", "must be a whole number, 0 to 65535, not '65536'"),
        ("--rate-limit", "0", "must be a whole number, 1 or more, not '0'"),
        ("--bulk-limit", "x", "must be a whole number, 1 or more, not 'x'"),
    ],
)
def test_a_refusal_says_what_is_right(option: str, value: str, right: str) -> None:
    shown = invoke("sandbox", option, value)
    assert shown.exit_code == 2
    assert f"'{option}': {right}" in shown.stderr


def test_a_comment_is_text_in_the_encoding_of_the_shell() -> None:
    with pytest.raises(click.BadParameter, match="must be text in the encoding of the shell"):
        comment_text("Caf\udce9")  # as Python reads bytes of the command line that are no text
