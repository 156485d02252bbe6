"""What shells complete."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terminal import environment, invoke, run

COMPLETE = """
source <(statuspro completion bash)
complete -p statuspro
COMP_WORDS=({words}) COMP_CWORD={index}
_statuspro_completion statuspro
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which the command stands under its name, as pip installs it."""
    script = tmp_path / "statuspro"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m statuspro "$@"\n')
    script.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["sand"], ["sandbox"]),
        (["st"], ["statuses"]),
        (["sandbox", "--verb"], ["--verbose"]),
        (["statuses", "--output", "js"], ["json", "jsonl"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["lst", "--verb"], [""]),
    ],
)
def test_bash_completes(words: list[str], completed: list[str], path: str) -> None:
    quoted = " ".join(f"'{word}'" for word in ["statuspro", *words])
    script = COMPLETE.format(words=quoted, index=len(words))
    shown = subprocess.run(
        ["bash", "--norc", "-c", script],
        capture_output=True,
        text=True,
        env=environment({"PATH": path}),
    )
    registered, *found = shown.stdout.splitlines()
    assert "_statuspro_completion" in registered
    assert found == completed
    assert shown.stderr == ""


@pytest.mark.parametrize(
    ("shell", "word"),
    [("bash", "complete -o"), ("zsh", "#compdef statuspro"), ("fish", "--command")],
)
def test_the_script_of_a_shell(shell: str, word: str) -> None:
    shown = invoke("completion", shell)
    assert shown.exit_code == 0
    assert word in shown.stdout


def test_another_shell_is_refused_with_those_there_are() -> None:
    shown = invoke("completion", "csh")
    assert shown.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in shown.stderr


@pytest.mark.parametrize(
    "words",
    [["sync", "late"], ["bulk", "shipped", "--file", "late"], ["bulk", "--journal", "late"]],
)
def test_the_name_of_a_file_is_completed_by_the_shell(words: list[str]) -> None:
    shown = run(
        COMP_WORDS=" ".join(["statuspro", *words]),
        COMP_CWORD=str(len(words)),
        _STATUSPRO_COMPLETE="bash_complete",
    )
    assert shown.stdout == "file,late\n"
