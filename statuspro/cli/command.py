"""What every command has: examples in its help, and `--debug`."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import click

_DEBUG = "debug"


class Command(click.Command):
    """A command with `--debug` and examples.

    Args:
        args: as :class:`click.Command` takes them.
        examples: lines of the shell, shown as they stand at the end of the help.
        keywords: as :class:`click.Command` takes them.
    """

    def __init__(self, *args: Any, examples: str, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.params.append(debug_option())
        self.examples = dedent(examples).strip()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples, then what else the help ends with."""
        with formatter.section("Examples"):
            for line in self.examples.splitlines():
                formatter.write(f"{' ' * formatter.current_indent}{line}".rstrip() + "\n")
        super().format_epilog(ctx, formatter)


def command(name: str, examples: str) -> Callable[[Callable[..., Any]], Command]:
    """Makes a command of a function.

    Args:
        name: of the command.
        examples: lines of the shell, shown as they stand at the end of the help.
    """
    return click.command(name, cls=Command, examples=examples)


def debug_option() -> click.Option:
    """Makes the option `--debug`, which stands before the command or behind it."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_note_debug,
        help="Show the traceback of an error.",
    )


def is_debugging(noted: dict[str, Any]) -> bool:
    """Tells whether `--debug` was given, by what a context's `obj` holds."""
    return bool(noted.get(_DEBUG))


def _note_debug(ctx: click.Context, _: click.Parameter, is_given: bool) -> None:
    if is_given:
        ctx.ensure_object(dict)[_DEBUG] = True
