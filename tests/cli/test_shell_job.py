"""The job of the documentation that is done in the shell alone runs, word for word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from textwrap import dedent

from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION
from tests.support.paths import ROOT
from tests.support.terminal import COMMAND, PATIENCE, environment

#: What bash tells of the process that was killed.
_KILLED = re.compile(r"^.*\bKilled\b.*\n", re.MULTILINE)


def steps() -> list[tuple[str, str]]:
    """The commands of the page, and what each of them shows."""
    text = (ROOT / "docs" / "shell-job.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"\.\. code-block:: console\n\n((?: {4}.*\n|\n)+)", text)
    shell = "\n".join(dedent(block) for block in blocks)
    return re.findall(r"^\$ (.+)\n((?:(?!\$).*\n)*)", shell, re.MULTILINE)


def normal(shown: str) -> str:
    """What was shown, but for the numbers above 3, which are other ones each day, and spaces."""
    return " ".join(re.sub(r"\b(?:\d{2,}|[4-9])\b", "N", _KILLED.sub("", shown)).split())


def run_in_bash(commands: list[str], folder: Path) -> list[str]:
    """Runs the lines in one shell: what each of them shows."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "statuspro"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    script = "exec 2>&1\n" + "".join(f"echo '@@@'\n{command}\n" for command in commands)
    done = subprocess.run(
        ["bash", "-e"],
        input=script,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(
            {
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "STATUSPRO_RATE_LIMIT": "600/5/3",
            }
        ),
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("@@@\n")[1:]


def test_the_job_of_the_docs(shop: Sandbox, tmp_path: Path) -> None:
    shop.requests.clear()
    for _ in range(260):
        shop.add_order(status_code=IN_PRODUCTION, due_date="2026-01-05", due_date_to=None)
    commands, wanted = zip(*steps(), strict=True)
    shown = run_in_bash(list(commands), tmp_path)
    told = list(zip(commands, map(normal, shown), strict=True))
    assert told == list(zip(commands, map(normal, wanted), strict=True))
    sent = [write.order_id for write in shop.applied]
    assert len(sent) == len(set(sent)) > 250
    assert not shop.mails
