"""The release refuses at once what it could not try later."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.release.environments import missing

#: Finds 3.10 on the machine, and 3.12 in the environment that is in use.
UV = """#!/bin/sh
for last; do :; done
[ "$last" = 3.10 ] && exit 0
for each; do [ "$each" = --system ] && exit 2; done
[ "$last" = 3.12 ]
"""


def test_a_python_that_only_an_environment_has_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv").write_text(UV)
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert missing(["3.10", "3.12", "3.9"]) == ["3.12", "3.9"]
