"""Installs a wheel into fresh environments: each extra alone, on each Python."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.release.first_use import USES

FIRST_USE = Path(__file__).with_name("first_use.py")


class Outcome(NamedTuple):
    """What became of one environment.

    Attributes:
        name: its Python and its extra.
        seconds: how long it took.
        fault: what the command printed that failed; None where none did.
    """

    name: str
    seconds: float
    fault: str | None


def missing(pythons: Sequence[str]) -> list[str]:
    """Finds which versions of Python this machine does not have."""
    # `uv venv` makes nothing of a Python that only the environment of this process has.
    find = ["uv", "python", "find", "-q", "--system", "--no-python-downloads", "--no-project"]
    return [
        each for each in pythons if subprocess.run([*find, each], capture_output=True).returncode
    ]


def try_everywhere(wheel: Path, pythons: Sequence[str], folder: Path) -> Iterator[Outcome]:
    """Tries the wheel without extras and with each one alone, on each Python.

    Args:
        wheel: the path of the wheel.
        pythons: versions such as `3.10`.
        folder: where the environments are made.
    """
    cases = [(python, extra) for python in pythons for extra in (None, *USES)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda case: _try(wheel, case[0], case[1], folder), cases)


def _try(wheel: Path, python: str, extra: str | None, folder: Path) -> Outcome:
    name = f"{python}-{extra or 'alone'}"
    started = time.monotonic()
    fault = next(_faults(wheel, python, extra, folder / name), None)
    return Outcome(name, time.monotonic() - started, fault)


def _faults(wheel: Path, python: str, extra: str | None, venv: Path) -> Iterator[str]:
    inside = str(venv / ("Scripts" if os.name == "nt" else "bin") / "python")
    wanted = f"statuspro[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    commands = [
        ["uv", "venv", "-q", "--no-python-downloads", "--python", python, str(venv)],
        ["uv", "pip", "install", "-q", "--python", inside, wanted],
        ["uv", "pip", "check", "-q", "--python", inside],
        [inside, "-I", "-W", "error", str(FIRST_USE), *([extra] if extra else [])],
    ]
    with tempfile.TemporaryDirectory() as elsewhere:  # where no .env lies
        for command in commands:
            done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
            if done.returncode:
                yield f"{' '.join(command)}\n{done.stdout}{done.stderr}"
