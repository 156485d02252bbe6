"""`statuspro sandbox`, and `python -m statuspro.sandbox` without any further package."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from statuspro import StatusProClient
from tests.support.polling import eventually
from tests.support.terminal import COMMAND, environment, invoke

MODULE = [sys.executable, "-m", "statuspro.sandbox"]
EXPORT = re.compile(r"export (STATUSPRO_\w+)=(\S+)")

WAYS = pytest.mark.parametrize("command", [[*COMMAND, "sandbox"], MODULE], ids=["extra", "bare"])


def start(command: Sequence[str], *options: str, **keywords: Any) -> subprocess.Popen[str]:
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*command, *options], text=True, env=environment({}), **{**pipes, **keywords}
    )


def export(process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the variables that the command prints, as a shell does."""
    assert process.stdout is not None
    for _ in range(2):
        exported = EXPORT.fullmatch(process.stdout.readline().strip())
        assert exported is not None
        monkeypatch.setenv(*exported.groups())


@WAYS
def test_it_serves_until_ctrl_c(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--orders", "12", "--rate-limit", "2", "--bulk-limit", "1", "--seed", "3")
    with start(command, *options) as process:
        assert process.stderr is not None
        export(process, monkeypatch)
        assert "12 orders" in process.stderr.readline()
        with StatusProClient(max_retries=0, rate_limit=None) as client:
            assert client.list_orders(page=1)["meta"]["total"] == 12
            assert client.get("/statuses").status_code == 200
            assert client.get("/statuses").status_code == 429
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait(timeout=10) == 0


@WAYS
def test_verbose_tells_of_requests_and_mails(
    command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with (
        told.open("w") as file,
        start(command, "--verbose", "--orders", "40", stderr=file) as process,
    ):
        export(process, monkeypatch)
        with StatusProClient(rate_limit=None) as client:
            order = next(client.iter_orders(status_code="st000002"))
            client.update_order_status(order["id"], "st000003", notify=True)
        assert eventually(lambda: "mail to" in told.read_text(), 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    lines = told.read_text().splitlines()[1:]
    assert re.fullmatch(r"\d\d:\d\d:\d\d  200  GET /orders\?.*status_code=st000002.*", lines[0])
    assert re.search(rf"  200  POST /orders/{order['id']}/status  .*\"st000003\"", lines[1])
    assert order["customer"].get("email", "?") in lines[2]
    assert len(lines) == 3


@WAYS
def test_a_port_that_is_taken(command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(command, "--port", str(port)) as process:
            _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told == f"Error: port {port}: Address already in use\n"


@pytest.mark.parametrize(
    ("option", "value", "right"),
    [
        ("--orders", "x", "'x' is not a whole number of 0 or more"),
        ("--port", "65536", "'65536' is not a whole number from 0 to 65535"),
        ("--rate-limit", "0", "'0' is not a whole number of 1 or more"),
    ],
)
def test_the_module_s_refusal_says_what_is_right(option: str, value: str, right: str) -> None:
    with start(MODULE, option, value) as process:
        _, told = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"argument {option}: {right}\n" in told


def test_the_module_needs_none_of_the_extra() -> None:
    code = (
        "import sys, runpy\n"
        "for name in ('click', 'rich', 'platformdirs'): sys.modules[name] = None\n"
        "sys.argv[1:] = ['--help']\n"
        "runpy.run_module('statuspro.sandbox', run_name='__main__')"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "--verbose" in shown.stdout


def test_help_has_examples_on_lines_of_their_own() -> None:
    shown = invoke("sandbox", "--help").stdout
    assert "\nExamples:\n  statuspro sandbox --port 8900\n  statuspro sandbox --orders" in shown
