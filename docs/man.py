"""Writes the man pages of the command line, out of its help: `python docs/man.py FOLDER`."""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from statuspro._version import __version__
from statuspro.cli.app import statuspro


def write(folder: Path) -> list[Path]:
    """Writes a page for the program and one for each command; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    program = click.Context(statuspro, info_name="statuspro", **statuspro.context_settings)
    written = []
    for context in (program, *_commands(program)):
        path = folder / f"{context.command_path.replace(' ', '-')}.1"
        path.write_text("\n".join(_page(context)) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _commands(program: click.Context) -> Iterator[click.Context]:
    for name in statuspro.list_commands(program):
        command = statuspro.get_command(program, name)
        assert command is not None
        yield click.Context(command, info_name=name, parent=program)


def _page(context: click.Context) -> Iterator[str]:
    command, name = context.command, context.command_path.replace(" ", "-")
    yield f'.TH "{name.upper()}" "1" "" "statuspro {__version__}" "statuspro"'
    yield from (
        ".SH NAME",
        rf"{_text(name)} \- {_text(command.get_short_help_str(200).rstrip('.'))}",
    )
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from (".SH SYNOPSIS", rf"\fB{_text(context.command_path)}\fR {_text(pieces)}")
    yield from (".SH DESCRIPTION", *_paragraphs(cleandoc(command.help or "")))
    yield ".SH OPTIONS"
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield from (".TP", rf"\fB{_text(record[0])}\fR", _text(record[1]))
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for child in _commands(context):
            name = f"statuspro-{child.info_name}"
            told = _text(child.command.get_short_help_str(200))
            yield from (".TP", rf"\fB{_text(name)}\fR(1)", told)
    if examples := getattr(command, "examples", ""):
        yield from (".SH EXAMPLES", ".nf", *map(_text, examples.splitlines()), ".fi")
    if command.epilog:
        yield from (".SH NOTES", *_paragraphs(command.epilog))
    if context.parent is not None:
        yield from (".SH SEE ALSO", r"\fBstatuspro\fR(1)")


def _paragraphs(text: str) -> Iterator[str]:
    r"""Yields the lines of paragraphs; one that begins with ``\b`` keeps its lines."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines[:1] == ["\b"]:
            yield from (".PP", ".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield from (".PP", *map(_text, lines))


def _text(text: str) -> str:
    """Writes a line so that roff takes nothing in it for an instruction."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    for page in write(Path(sys.argv[1])):
        print(page)
