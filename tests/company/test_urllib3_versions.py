"""What stands in urllib3's place."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTING = """
import sys, urllib3
urllib3.__version__ = sys.argv[1]
import statuspro
"""


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("2.7.0", True), ("2.8.0", True), ("2.99", True), ("3.0.0rc1", True), ("2.25.904", False)],
)
def test_urllib3_future_is_refused_with_a_clear_sentence(version: str, is_taken: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING + "statuspro.StatusProClient", version],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == is_taken
    if not is_taken:
        assert "needs urllib3, but urllib3-future 2.25.904 is installed in its place" in done.stderr
