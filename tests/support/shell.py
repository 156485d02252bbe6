"""A shell as a reader has it: bash in a terminal, with a home, a folder and programs of its own."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pexpect

from tests.support.paths import ROOT
from tests.support.terminal import COMMAND, environment, plain

#: Seconds until a line that says nothing is given up. The machine may be busy.
PATIENCE = 60

#: What the reader's programs are here. Nothing is fetched from an index.
_PROGRAMS = {
    "statuspro": shlex.join(COMMAND),
    "python": shlex.quote(sys.executable),
    "gunicorn": f"{shlex.quote(sys.executable)} -m gunicorn",
    "pip": f"{shlex.quote(sys.executable)} -m tests.support.pip_install",
}

_MARK = "\x1e"
_PROMPT = rf"{_MARK}(\d+){_MARK}"
_QUESTION = r"\[y/[nN]\] "
_NEVER = r"(?!)"
#: What a terminal shows for a moment, such as how far a command is.
_WRITTEN_OVER = re.compile(r"[^\n]*\r")
#: What bash tells of the jobs that it runs in the background.
_OF_JOBS = re.compile(r"^\[\d+\].*\n", re.MULTILINE)


class Server(NamedTuple):
    """A line that serves until Ctrl-C.

    Attributes:
        ready: the pattern of what the line shows when it serves; its group is the address.
        ask: asks the server at this address once.
    """

    ready: str
    ask: Callable[[str], object]


class Shell:
    """A bash, while its context is entered.

    Attributes:
        folder: where it begins.
        home: the reader's; it lies beside the folder.
        environ: its variables, beside those of this process.

    Args:
        root: an empty folder, for all of these.
        environ: further variables.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.home, programs = root / "folder", root / "home", root / "bin"
        for made in (self.folder, self.home, programs):
            made.mkdir()
        for name, start in _PROGRAMS.items():
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {start} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
        own = {name: text for name, text in environment({}).items() if "XDG_" not in name}
        self.environ = {
            **own,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PS1": f"{_MARK}$?{_MARK}",
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            **environ,
        }

    def __enter__(self) -> Shell:
        self._terminal: Any = pexpect.spawn(
            "bash",
            ["--noprofile", "--norc", "--noediting"],
            cwd=str(self.folder),
            env=self.environ,
            dimensions=(24, 200),
            echo=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        self._terminal.expect(_PROMPT)
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None:
            self._terminal.sendline("kill $(jobs -p) 2> /dev/null; wait; exit")
            self._terminal.expect(pexpect.EOF)
        self._terminal.close(force=True)

    def run(
        self, line: str, answers: Iterable[str] = (), keys: str = "", server: Server | None = None
    ) -> tuple[int, str]:
        """Runs a line to its end.

        Args:
            line: as the reader types it.
            answers: what the reader says when asked; yes, where there is nothing more.
            keys: what the reader types without being asked.
            server: what the line starts, if it does; Ctrl-C ends it when it has been asked.

        Returns:
            The exit status, and what the terminal shows.
        """
        said = iter(answers)
        self._terminal.sendline(f"{line}\n{keys}" if keys else line)
        shown = ""
        while self._terminal.expect([_PROMPT, _QUESTION, server.ready if server else _NEVER]):
            shown += self._terminal.before + self._terminal.after
            if server and self._terminal.match.re.pattern == server.ready:
                server.ask(self._terminal.match[1])
                self._terminal.sendintr()
            else:
                answer = next(said, "y")
                shown += f"{answer}\n"
                self._terminal.sendline(answer)
        told = _WRITTEN_OVER.sub("", plain(shown + self._terminal.before))
        return int(self._terminal.match[1]), _OF_JOBS.sub("", told)
