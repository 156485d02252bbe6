"""The command line itself: which commands there are, and how one ends."""

import os
import re
import subprocess
import sys
from unittest.mock import Mock

import pexpect
import pytest

import statuspro
from statuspro.cli import app
from statuspro.sandbox import Sandbox
from tests.support.imports import modules_after
from tests.support.polling import eventually
from tests.support.processes import Process
from tests.support.terminal import COMMAND, environment, invoke, run, spawn, to_the_end

WITHOUT = """
import sys
sys.modules[{!r}] = None
sys.argv[1:] = {!r}
from statuspro.cli import main
sys.exit(main())
"""


def test_version() -> None:
    assert run("--version").stdout == f"statuspro {statuspro.__version__}\n"


def test_the_script_and_the_module_are_the_same() -> None:
    code = "import sys; sys.argv[:] = ['statuspro', '--version']; import statuspro.cli as cli\n"
    script = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(cli.main())"], capture_output=True, text=True
    )
    assert script.stdout == run("--version").stdout


@pytest.mark.parametrize("package", ["click", "platformdirs", "rich"])
def test_without_the_extra_one_sentence_says_what_to_install(package: str, shop: Sandbox) -> None:
    code = WITHOUT.format(package, ["statuses", "-o", "table"])
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        'The command line needs further packages: pip install "statuspro[cli]"\n'
    )


@pytest.mark.parametrize("name", app._MODULES)
def test_help_of_a_command_has_lines_that_fit(name: str) -> None:
    shown = invoke(name, "--help")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: statuspro {name} ")
    assert "--debug" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_help_lists_the_commands() -> None:
    shown = invoke("--help").stdout
    assert re.findall(r"^  (\w+)  ", shown.partition("Commands:")[2], re.M) == list(app._MODULES)


def test_the_help_names_the_documentation() -> None:
    shown = invoke("--help").stdout
    assert "python -m pydoc statuspro" in shown
    assert "docs/" in shown


def test_an_unknown_command_is_refused() -> None:
    shown = invoke("sing")
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert "No such command 'sing'" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["--sing"],
        ["list", "--stauts", "shipped"],
        ["list", "-n", "0"],
        ["view"],
        ["sandbox", "--orders", "x"],
        ["completion", "tcsh"],
    ],
)
def test_a_wrong_use_is_two_lines_the_second_of_which_names_the_help(arguments: list[str]) -> None:
    shown = invoke(*arguments)
    assert shown.exit_code == 2
    first, second = shown.stderr.splitlines()
    assert first.startswith("Error: ")
    command = "statuspro" if arguments[0].endswith("sing") else f"statuspro {arguments[0]}"
    assert second == f"Try '{command} --help'."


def test_no_command_at_all_shows_the_help() -> None:
    shown = invoke()
    assert shown.exit_code == 2
    assert "Commands:" in shown.stderr


def test_no_key_is_two_lines_at_the_most_and_no_traceback(shop: Sandbox) -> None:
    shown = invoke("statuses", STATUSPRO_API_KEY="")
    assert shown.exit_code == 5
    assert shown.stderr.startswith(
        "Error: No API key. Give one of: the environment variable STATUSPRO_"
    )
    assert len(shown.stderr.splitlines()) <= 2
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("arguments", [("--debug", "statuses"), ("statuses", "--debug")])
def test_debug_shows_the_traceback_before_or_behind_the_command(
    arguments: tuple[str, ...], shop: Sandbox
) -> None:
    shop.fail(403)
    shown = invoke(*arguments, STATUSPRO_API_KEY=shop.api_key)
    assert shown.exit_code == 5
    assert shown.stderr.startswith("Traceback (most recent call last)")
    assert "PermissionDeniedError" in shown.stderr
    assert shop.api_key not in shown.stderr


def test_debug_that_is_a_value_is_none(shop: Sandbox) -> None:
    shown = invoke("list", "--search", "--debug", STATUSPRO_API_KEY="")
    assert "Traceback" not in shown.stderr


def test_a_fault_of_a_command_is_told_in_one_line(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspro.cli.account.get_statuses", Mock(side_effect=KeyError("lost")))
    shown = invoke("statuses")
    assert shown.exit_code == 1
    assert shown.stderr == "Error: KeyError: 'lost' (--debug shows where)\n"


@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
def test_a_reader_that_leaves_ends_the_command_quietly(shop: Sandbox, form: str) -> None:
    with Process[bytes](
        [*COMMAND, "list", "--all", "-o", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({}),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


def test_ctrl_c_ends_a_call_that_hangs_without_a_traceback(shop: Sandbox) -> None:
    shop.slow(30)
    terminal = spawn("statuses")
    assert eventually(lambda: bool(shop.requests), 30)
    terminal.sendintr()
    shown, status = to_the_end(terminal)
    assert status == 130
    assert "Traceback" not in shown
    assert "Error" not in shown


def test_ctrl_c_takes_the_countdown_away_and_gives_the_cursor_back(shop: Sandbox) -> None:
    shop.fail(429, retry_after=50)
    terminal = spawn("statuses")
    terminal.expect(r"Waiting [45]\d s: ")
    terminal.expect(r"4\d s: ")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert terminal.before.rindex("\x1b[?25h") > terminal.before.rfind("\x1b[?25l")
    assert "\x1b[2K" in terminal.before.rpartition("Waiting")[2]
    assert "Traceback" not in terminal.before


def test_an_encoding_that_lacks_a_character_is_no_error(shop: Sandbox) -> None:
    order_id = shop.add_order(name="Zoë Ł")
    shown = run("list", "-n", "1", "-o", "csv", PYTHONIOENCODING="ascii", LANG="C")
    assert shown.returncode == 0
    assert str(order_id) in shown.stdout
    assert "Zo? ?" in shown.stdout


def test_garbage_is_collected_again_when_a_command_runs(shop: Sandbox) -> None:
    code = """
import gc, sys
from statuspro.cli import main
sys.argv[1:] = ["statuses", "--json"]
assert main() == 0
assert gc.isenabled()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_start_leaves_alone_what_draws() -> None:
    shown = modules_after("import statuspro.cli.account, statuspro.cli.app")
    assert {"rich", "difflib", "platformdirs", "sqlite3"}.isdisjoint(shown - modules_after("pass"))


def test_version_needs_no_requests() -> None:
    assert {"requests", "statuspro.client"}.isdisjoint(modules_after("import statuspro.cli.app"))


@pytest.mark.parametrize("arguments", [("--help",), ("list", "--help"), ("completion", "bash")])
def test_a_reader_that_leaves_at_once_ends_the_command_quietly(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with Process[bytes](
        [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, env=environment({})
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(closed: str, shop: Sandbox) -> None:
    script = f'"{sys.executable}" -m statuspro statuses --json {closed}'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("lst", "Error: No such command 'lst'. Did you mean list?\n"),
        ("status", "Error: No such command 'status'. Did you mean statuses?\n"),
        ("xyzzy", "Error: No such command 'xyzzy'.\n"),
    ],
)
def test_a_command_that_there_is_not_is_refused_with_the_near_one(word: str, told: str) -> None:
    shown = invoke(word)
    assert shown.exit_code == 2
    assert shown.stderr == f"{told}Try 'statuspro --help'.\n"


@pytest.mark.parametrize(
    "command", ["comment 1188 - --yes", "bulk shipped --file - --no-email --yes"]
)
def test_what_comes_from_a_closed_standard_input_is_refused(command: str, shop: Sandbox) -> None:
    script = f'"{sys.executable}" -m statuspro {command} <&-'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert shown.returncode == 2
    assert shown.stderr.startswith("Error: Standard input is closed.\n")
    assert shop.requests == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is full")
def test_a_full_disk_is_told_in_one_line(shop: Sandbox) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*COMMAND, "statuses", "--json"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (ended.returncode, ended.stderr) == (1, "Error: No space left on device\n")
