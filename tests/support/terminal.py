"""The command `statuspro` as a user runs it: in this process, through pipes, in a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pexpect
from click.testing import CliRunner, Result

from statuspro.cli.app import statuspro

#: The command in a process of its own, without a need for the script that pip installs.
COMMAND = [sys.executable, "-m", "statuspro"]

#: What would make a terminal look like another one.
_OF_TERMINALS = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "PYTHONUTF8")

#: Seconds until a command that says nothing is given up. The machine may be busy.
PATIENCE = 30

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def invoke(*arguments: str, input: str | None = None, **environ: str | None) -> Result:
    """Runs a command in this process, without a terminal.

    Args:
        arguments: those after `statuspro`.
        input: what the command reads.
        environ: variables to set, or to take away (None).

    Returns:
        What the command did: `exit_code`, `stdout`, `stderr`.
    """
    return CliRunner().invoke(statuspro, arguments, input=input, env=environ)


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own, through pipes, to its end.

    Args:
        arguments: those after `statuspro`.
        environ: variables to set.
    """
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env=environment({"PYTHONIOENCODING": "utf-8", **environ}),
        timeout=PATIENCE,
        check=False,
    )


def spawn(*arguments: str, columns: int = 80, lines: int = 24, **environ: str) -> Any:
    """Runs a command in a terminal of its own.

    Args:
        arguments: those after `statuspro`.
        columns: how wide the terminal is.
        lines: how high the terminal is.
        environ: variables to set.

    Returns:
        The terminal: `expect(pattern)`, `sendline(text)`, `sendintr()`, `before` (see pexpect).
    """
    return _spawned([*COMMAND, *arguments], columns, lines, environ)


def shell(line: str, columns: int = 80, lines: int = 24, **environ: str) -> Any:
    """Runs a line of the shell in a terminal of its own.

    Args:
        line: as a user types it.
        columns: how wide the terminal is.
        lines: how high the terminal is.
        environ: variables to set.

    Returns:
        The terminal, as of :func:`spawn`.
    """
    return _spawned(["sh", "-c", line], columns, lines, environ)


def _spawned(command: list[str], columns: int, lines: int, environ: dict[str, str]) -> Any:
    return pexpect.spawn(
        command[0],
        command[1:],
        env=environment({"TERM": "xterm-256color", "LANG": "C.UTF-8", **environ}),
        dimensions=(lines, columns),
        encoding="utf-8",
        timeout=PATIENCE,
    )


def to_the_end(terminal: Any) -> tuple[str, int]:
    """Reads what a terminal shows until its command ends: the text, and the exit status."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    status = terminal.exitstatus if terminal.exitstatus is not None else -terminal.signalstatus
    return terminal.before, status


def on_terminal(*arguments: str, **keywords: Any) -> tuple[str, int]:
    """Runs a command in a terminal to its end: what it wrote, and its exit status.

    Args:
        arguments: those after `statuspro`.
        keywords: those of :func:`spawn`.
    """
    return to_the_end(spawn(*arguments, **keywords))


def plain(text: str) -> str:
    """Takes colours and movements of the cursor out of what was written to a terminal."""
    return _ESCAPE.sub("", text).replace("\r\n", "\n")


def environment(changes: dict[str, str]) -> dict[str, str]:
    """Makes a command's environment: this process's, but for what is said of terminals."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_TERMINALS}
    return {**inherited, **changes}
