"""The command as a process: a terminal, a pipe, Ctrl-C and a reader that leaves."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

import statuspro
from statuspro import cli

COMMAND = [sys.executable, "-m", "statuspro"]
EXPORT = re.compile(r"export (STATUSPRO_\w+)=(\S+)")


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
        timeout=60,
        check=False,
    )


def test_version() -> None:
    assert run("--version").stdout == f"statuspro {statuspro.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: command"),
        (["sing"], "invalid choice: 'sing'"),
        (["sandbox", "--port", "65536"], "--port: must be 0 to 65535"),
        (["sandbox", "--orders", "-1"], "--orders: must be 0 or more"),
        (["sandbox", "--rate-limit", "0"], "--rate-limit: must be 1 or more"),
        (["sandbox", "--bulk-limit", "x"], "--bulk-limit: invalid"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["sandbox", "--port", str(port)]) == 1
    assert f"port {port}: Address already in use" in capsys.readouterr().err


def test_demo_through_a_pipe_whose_encoding_knows_no_bullet_is_plain_text() -> None:
    shown = run("demo", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert shown.stderr == ""
    assert "? In Production" in shown.stdout
    assert "\033" not in shown.stdout
    assert "\r" not in shown.stdout


def test_demo_whose_reader_leaves() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


def test_demo_in_a_terminal_has_colours_and_a_live_count() -> None:
    shown = on_terminal("demo")
    assert "\033[38;5;" in shown
    assert len(re.findall(r"\r +\r  [\d,]+ orders", shown)) > 10


def test_no_color_in_a_terminal() -> None:
    shown = on_terminal("demo", NO_COLOR="1")
    assert "● In Production" in shown
    assert "\033" not in shown


def on_terminal(*arguments: str, **environ: str) -> str:
    """What the command writes to a terminal of its own."""
    terminal, stdout = pty.openpty()
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "TERM", "COLORTERM")
    }
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=stdout, env={**plain, "PYTHONUTF8": "1", **environ}
    ) as process:
        os.close(stdout)
        shown = b"".join(read_all(terminal))
        os.close(terminal)
        assert process.wait(timeout=30) == 0
    return shown.decode()


def read_all(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # Linux says so when the other end of a terminal has gone
            return
        if not data:
            return
        yield data


def test_sandbox_serves_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [*COMMAND, "sandbox", "--orders", "12", "--rate-limit", "2", "--bulk-limit", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(2):
            exported = EXPORT.fullmatch(process.stdout.readline().strip())
            assert exported is not None
            monkeypatch.setenv(*exported.groups())
        assert "12 orders" in process.stderr.readline()
        with statuspro.StatusProClient(max_retries=0, rate_limit=None) as client:
            assert client.list_orders(page=1)["meta"]["total"] == 12
            assert client.get("/statuses").status_code == 200
            assert client.get("/statuses").status_code == 429
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait(timeout=10) == 0


def test_ctrl_c_in_the_demo_ends_it_without_a_traceback() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 130
