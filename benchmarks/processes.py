"""Processes of their own: the service, the contestants, Redis, the other client's environment."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import Measure

ROOT = Path(__file__).absolute().parent.parent

OTHER_CLIENT = "statuspro-openapi-client 0.3.1"

#: Variables that would make one contestant do something that the others need not do.
_SETTING = re.compile("^(PYTHON|STATUSPRO|REQUESTS_|CURL_|NETRC)|_proxy$", re.IGNORECASE)

_IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(wall, cpu)
"""


class NotAvailableError(Exception):
    """Something that a figure needs is not on this machine; the text says what."""


class Bench:
    """Where contestants run.

    Args:
        port: of the service.
        folder: for what is made on the way.
        is_quick: whether a rough figure will do.
    """

    def __init__(self, port: int, folder: Path, *, is_quick: bool = False) -> None:
        self.folder = folder
        self.is_quick = is_quick
        self._port = port
        self._environment = {
            name: value for name, value in os.environ.items() if not _SETTING.search(name)
        }
        # The modules of all contestants are compiled, and the tree stays as it is.
        self._environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")

    def base_url(self, orders: int, latency: int = 0) -> str:
        """Where the list has so many orders and a response takes so many milliseconds."""
        return f"http://127.0.0.1:{self._port}/{orders}/{latency}/api/v1"

    def run(
        self,
        name: str,
        *,
        orders: int = 100,
        latency: int = 0,
        amount: int = 1,
        warm_up: int = 0,
        python: str = sys.executable,
        **keywords: Any,
    ) -> Measure:
        """Runs a contestant (see :mod:`benchmarks.contestants`)."""
        measured: dict[str, float] = json.loads(
            self._output(
                *(python, "-m", "benchmarks.contestants", name, self.base_url(orders, latency)),
                *(str(amount), str(warm_up), json.dumps(keywords)),
            )
        )
        return measured

    def walk(self, name: str, orders: int, **keywords: Any) -> Measure:
        """Runs a contestant that walks over a list; one that does not see all of it fails."""
        measured = self.run(name, orders=orders, **keywords)
        if measured["done"] != orders:
            raise RuntimeError(f"{name} found {measured['done']} of {orders} orders")
        return measured

    def time_import(self, module: str) -> Measure:
        """What `import` of a module takes."""
        wall, cpu = self._output(sys.executable, "-c", _IMPORT.format(module)).split()
        return {"wall": float(wall), "cpu": float(cpu)}

    def time_process(self, code: str) -> Measure:
        """What Python takes for a program, from its start to its end."""
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError("the program failed")
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime}

    def _output(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout


@contextmanager
def service() -> Iterator[int]:
    """Runs the service; the port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()
            process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Runs a `redis-server` on loopback that keeps nothing; its URL.

    Raises:
        NotAvailableError: it is not installed.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise NotAvailableError("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(int(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise NotAvailableError("redis-server does not answer")


def other_environment(folder: Path) -> str:
    """Makes an environment on Python 3.12 with the other client; its interpreter.

    requests and what this library needs are in it too, so that all run on the same interpreter.

    Raises:
        NotAvailableError: it cannot be made.
    """
    python = _python_312()
    requirement = OTHER_CLIENT.replace(" ", "==")
    try:
        _quietly([python, "-m", "venv", str(folder / "other")])
        inside = str(folder / "other" / "bin" / "python")
        _quietly([inside, "-m", "pip", "install", "-q", requirement, *_requirements()])
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no reason was given").splitlines()[-1]
        raise NotAvailableError(f"{OTHER_CLIENT} cannot be installed: {last}") from None
    return inside


def _python_312() -> str:
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob("3.12*/bin/python3.12"))
    for python in (shutil.which("python3.12"), *map(str, pyenv)):
        # A shim of pyenv may be on the PATH that knows of no such Python.
        if python and not subprocess.run([python, "--version"], capture_output=True).returncode:
            return python
    raise NotAvailableError("there is no Python 3.12")


def _requirements() -> Sequence[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config["options"]["install_requires"].split()


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
