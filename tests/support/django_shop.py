"""The example `docs/examples/django_shop` in a process of its own, on the sandbox of a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "django_shop"
SYNC = "statuspro_sync"
STAFF, PASSWORD = "staff", "oak-and-walnut"

# The commands of a shop, in one process: each of its own would have to load Django again.
_SERVE = """
import sys, threading
import django

django.setup()
from django.core.management import call_command

def obey():
    for line in sys.stdin:
        call_command(*line.split())
        print("done", flush=True)

for command in sys.argv[1:]:
    call_command(*command.split())
threading.Thread(target=obey, daemon=True).start()
call_command("runserver", "127.0.0.1:0", use_reloader=False, skip_checks=True)
"""


class Shop:
    """A shop that is up.

    Attributes:
        url: of its site, without a slash at the end.
        log: what the site's server has written so far.
    """

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self.url = self._await(r"server at (http://\S+?)/?\n")

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def run(self, command: str) -> None:
        """Has the shop run a command of Django's."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        self._await(r"(done)\n")

    def _await(self, pattern: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"the shop does not run: {self.log}")


@contextmanager
def shop(sandbox: Sandbox, folder: Path, commands: Sequence[str] = (SYNC,)) -> Iterator[Shop]:
    """Makes a shop whose database holds the sandbox's orders, and serves it.

    Args:
        sandbox: it runs.
        folder: of the shop's data.
        commands: of Django's, which the shop runs before it is served.
    """
    given = {
        **sandbox.environment,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "PYTHONPATH": os.pathsep.join([str(EXAMPLE), os.environ.get("PYTHONPATH", str(ROOT))]),
        "SHOP_DATA_DIR": str(folder),
    }
    staff = f"createsuperuser --noinput --username {STAFF} --email staff@shop.example"
    commands = ["migrate --verbosity 0", "createcachetable", staff, *commands]
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", _SERVE, *commands],
            cwd=folder,
            env={**os.environ, **given},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield Shop(process, log)
    finally:
        process.terminate()
        process.communicate()
