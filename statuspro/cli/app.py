"""The commands by name, each imported when it is run, and what becomes of their errors."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any, TextIO

import click
from click.exceptions import NoArgsIsHelpError

from statuspro._version import __version__
from statuspro.cli import INTERRUPTED
from statuspro.cli.command import debug_option, is_debugging
from statuspro.cli.waiting import line

#: Where each command stands: `list_command` in the module `orders`. Help lists them in this order.
_MODULES = {
    "list": "orders",
    "view": "orders",
    "viable": "orders",
    "move": "updates",
    "comment": "updates",
    "due": "updates",
    "bulk": "bulk",
    "statuses": "account",
    "summary": "account",
    "budget": "account",
    "sync": "sync",
    "doctor": "doctor",
    "sandbox": "sandbox",
    "demo": "sandbox",
    "completion": "completion",
}


_EPILOG = """\b
Exit codes:
  0    done
  1    the service said no, or it could not be asked
  2    the command was not given as it should be
  3    the rate limit, or a time that ran out
  4    there is no such order
  5    there is no key, or the service does not take it
  6    a change may have been applied: look before you send it again
  7    the order cannot move there now
  130  Ctrl-C

\b
Settings, in the environment or in a .env file:
  STATUSPRO_API_KEY             the key; else the password for the host in ~/.netrc
  STATUSPRO_BASE_URL            where the service is
  STATUSPRO_RATE_LIMIT          such as 60/5/60, or none
  STATUSPRO_RATE_LIMIT_STORAGE  where commands count their requests together

\b
Documentation:
  python -m pydoc statuspro     the first page; docs/ of the source has them all
"""


class _Commands(click.Group):
    """Imports a command's module when the command is asked for: the others cost nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names the commands in the order of help."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command; None where there is none of that name."""
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"statuspro.cli.{_MODULES[cmd_name]}")
        if not gc.isenabled():  # see `main`
            gc.freeze()
            gc.enable()
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command that the first argument names, or refuses with the nearest name."""
        if args[0] not in _MODULES and not ctx.resilient_parsing:
            from difflib import get_close_matches

            for near in get_close_matches(args[0], _MODULES, 1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {near}?")
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Reads the arguments, and prints the help where they ask for it."""
        with _reader_may_leave():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command, and takes the line on the terminal away before any error is told."""
        try:
            with _reader_may_leave():
                return super().invoke(ctx)
        finally:
            line.hide()

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs the command that the arguments name, and ends the process with its exit status.

        Args:
            args: as :meth:`click.Command.main` takes them.
            extra: likewise.
        """
        _make_writable()
        noted: dict[str, Any] = {}
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False, "obj": noted})
        except click.Abort:  # Ctrl-C
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            _tell(error)
            sys.exit(error.exit_code)
        except Exception as error:
            from statuspro.cli.exits import told

            sys.exit(told(error, with_traceback=is_debugging(noted)))
        sys.exit(status if isinstance(status, int) else 0)


@click.group(
    cls=_Commands,
    params=[debug_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def statuspro() -> None:
    """See and move the orders of a StatusPro shop."""


def run() -> int:
    """Runs the command that the arguments of this process name, and returns its exit status."""
    code: object = None
    try:
        statuspro.main(prog_name="statuspro")
    except SystemExit as ended:
        code = ended.code
    return code if isinstance(code, int) else 0


def _tell(error: click.ClickException) -> None:
    """Tells of an error in two lines at the most; without a command, shows the help."""
    if not isinstance(error, click.UsageError) or isinstance(error, NoArgsIsHelpError):
        error.show()
        return
    click.echo(f"Error: {error.format_message()}", err=True)
    if error.ctx is not None:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)


def _make_writable() -> None:
    """Lets standard output and standard error take any character."""
    sys.stdout, sys.stderr = _opened(sys.stdout), _opened(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Customers' names are in many scripts, and the output's encoding may lack some.
            stream.reconfigure(errors="replace")


def _opened(stream: TextIO | None) -> TextIO:
    """Returns a stream, or one that leads nowhere where the shell has closed it, as `>&-` does."""
    return open(os.devnull, "w", encoding="utf-8") if stream is None else stream


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Ends the command quietly where the reading process, such as `head`, closes the pipe."""
    try:
        yield
    except BrokenPipeError:
        # What is left in the buffer goes nowhere: Python would complain when it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
