"""Options whose refusal says what is right."""

import pytest

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
