"""What a command prints: a table, JSON, JSON lines, CSV or tab-separated values."""

from __future__ import annotations

import functools
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from textwrap import indent
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from statuspro._flat import shown, value_at
from statuspro.cli.waiting import line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

Record = Mapping[str, Any]
Flat = Callable[[Any], Mapping[str, Any]]
Function = TypeVar("Function", bound=Callable[..., Any])

# Patterns are compiled when they are first used: a command need not wait for that.

#: Control characters, of which escape sequences are made, and those that turn the writing around.
_STEERING = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"

#: What JSON may hold as it is, though a terminal takes it for a command or no encoding has it.
_UNSAFE_IN_JSON = r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"

#: What a spreadsheet takes for the begin of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

FORMATS = ("table", "json", "jsonl", "csv")


class Column(NamedTuple):
    """One column.

    Attributes:
        heading: of the table, and name in CSV.
        path: of the value, such as `status.name`.
        color: path of the colour of a dot in front of the value.
        align: `left` or `right`.
        is_cut: whether the value is cut where the terminal is narrow.
        draw: makes what the table has in place of the value.
        least_width: columns of the terminal from which on the table has this one.
    """

    heading: str
    path: str
    color: str = ""
    align: str = "left"
    is_cut: bool = True
    draw: Callable[[Record], Text] | None = None
    least_width: int = 0


class Output:
    """Prints records in the format that the user asked for.

    Args:
        form: one of `FORMATS`; None for a table on a terminal, tab-separated values elsewhere.
        fields: the paths to print instead of all.
    """

    def __init__(self, form: str | None, fields: Sequence[str] = ()) -> None:
        self._form = form
        self._fields = tuple(dict.fromkeys(fields))

    @property
    def form(self) -> str:
        """The format: one of `FORMATS`, or `tsv`."""
        return self._form or ("table" if sys.stdout.isatty() else "tsv")

    @property
    def has_fields(self) -> bool:
        """Whether the user named the fields to print."""
        return bool(self._fields)

    @property
    def is_for_people(self) -> bool:
        """Whether to print what a person reads, rather than records."""
        return not self._fields and self.form == "table"

    def records(
        self,
        records: Iterable[Record],
        columns: Sequence[Column],
        flat: Flat | None = None,
        kind: Any = None,
    ) -> None:
        """Prints a list of records.

        Args:
            records: read as they are printed, but for a table and for one JSON array.
            columns: of the table.
            flat: makes a row of CSV; the table's columns by default.
            kind: the TypedDict of a record: its keys are the fields that there are.

        Raises:
            BadParameter: there is no field of a name that the user gave.
        """
        if self._fields:
            records = self._checked(records, kind)
            columns = [Column(path, path) for path in self._fields]
            flat = None
        if self.form == "table":
            self._print_table(list(records), columns)
        elif self.form == "json":
            write(_json([self._picked(one) for one in records], indent=2))
        elif self.form == "jsonl":
            for one in records:
                write(_json(self._picked(one)))
        elif self.form == "csv":
            _print_csv(records, columns, flat)
        else:
            self.lines((shown(one, column.path) for column in columns) for one in records)

    def one_by_one(self, records: Iterable[Record], columns: Sequence[Column], kind: Any) -> None:
        """Prints a list of records, each before the next one is read; a table without its frame.

        Args:
            records: what to print.
            columns: of CSV and of tab-separated values.
            kind: as for `records`.
        """
        if self.form != "json":
            Output("tsv" if self.form == "table" else self.form, self._fields).records(
                records, columns, kind=kind
            )
            return
        begin = "["
        for one in self._checked(records, kind) if self._fields else records:
            write(f"{begin}\n{indent(_json(self._picked(one), indent=2), '  ')}", end="")
            begin = ","
        write("[]" if begin == "[" else "\n]")

    def record(self, record: Record, flat: Flat, kind: Any = None) -> None:
        """Prints one record: as one JSON object, as one row, or as a line for each of its columns.

        Args:
            record: what to print.
            flat: makes its row.
            kind: as for `records`.
        """
        if self.form in ("json", "jsonl"):
            if self._fields:
                self._check(record, kind)
            write(_json(self._picked(record), indent=2 if self.form == "json" else None))
        elif self.form == "tsv" and not self._fields:
            self.lines(flat(record).items())
        else:
            self.records([record], [Column(name, name) for name in flat(record)], flat, kind)

    def lines(self, rows: Iterable[Iterable[Any]]) -> None:
        """Prints rows of tab-separated values."""
        for row in rows:
            write("\t".join(map(cell, row)))

    def draw(self, make: Callable[[int], Iterable[RenderableType]]) -> None:
        """Draws what a person reads.

        Args:
            make: makes what to draw for a window of so many columns.
        """
        from statuspro.cli.drawing import draw

        draw(make)

    def _print_table(self, records: Sequence[Record], columns: Sequence[Column]) -> None:
        if records:
            from statuspro.cli.drawing import table

            self.draw(lambda width: [table(records, columns, width)])

    def _checked(self, records: Iterable[Record], kind: Any) -> Iterable[Record]:
        """The records, the first of which tells whether there are fields that are not known."""
        iterator = iter(records)
        first = list(islice(iterator, 1))
        self._check(first[0] if first else None, kind)
        return chain(first, iterator)

    def _check(self, record: Record | None, kind: Any) -> None:
        """Refuses fields that there are not."""
        from statuspro.cli.fields import check_fields

        check_fields(self._fields, kind, record)

    def _picked(self, record: Record) -> Any:
        return {path: value_at(record, path) for path in self._fields} if self._fields else record


def prints(function: Function) -> Function:
    """Gives a command the argument `output`, and the options that say how to print."""

    @click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(FORMATS),
        help="How to print. By default a table on a terminal, else tab-separated values.",
    )
    @click.option("--json", "is_json", is_flag=True, help="Short for --output json.")
    @click.option(
        "--fields",
        metavar="PATHS",
        help="Print these only, such as name,status.code: keys of the JSON, a dot for each level.",
    )
    @functools.wraps(function)
    def with_output(
        *args: Any, form: str | None, is_json: bool, fields: str | None, **options: Any
    ) -> Any:
        if is_json and form not in (None, "json"):
            raise click.UsageError(f"--json and --output {form} do not go together.")
        paths = [path.strip() for path in (fields or "").split(",") if path.strip()]
        if fields is not None and not paths:
            raise click.BadParameter("must name a field", param_hint="'--fields'")
        output = Output("json" if is_json else form, paths)
        return function(*args, output=output, **options)

    return cast(Function, with_output)


def say(sentence: str, *, is_err: bool = True) -> None:
    """Writes a sentence for a person, on standard error or in the place of the output."""
    line.hide()
    click.echo(sentence, err=is_err)


def tell(sentence: str) -> None:
    """Says to a user at a terminal something that is no part of the output."""
    if sys.stderr.isatty():
        say(sentence)


def write(text: str, end: str = "\n") -> None:
    """Writes a line to standard output."""
    if sys.stdout.isatty():
        line.hide()
    sys.stdout.write(text + end)
    sys.stdout.flush()  # a reader that has seen enough ends the command


def cell(value: Any) -> str:
    """A value as one cell: tab-separated values have no quotes."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return re.sub(_STEERING, "", json.dumps(value, ensure_ascii=False))
    return plain(str(value).lower() if isinstance(value, bool) else value)


def plain(value: object) -> str:
    """Makes one line of a text of the service, without what would steer the terminal.

    A customer chooses a part of these texts, such as the name.
    """
    return re.sub(_STEERING, "", " ".join(str(value).split()))


def _json(value: Any, indent: int | None = None) -> str:
    """Writes JSON that reads back as the same, in whatever encoding the output has."""
    is_utf = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=not is_utf, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_UNSAFE_IN_JSON, lambda found: f"\\u{ord(found[0]):04x}", text)


def _print_csv(records: Iterable[Record], columns: Sequence[Column], flat: Flat | None) -> None:
    import csv

    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(newline="")  # a cell's line ends stay as they are, on Windows too
    rows = _rows(records, columns, flat)
    first = next(rows, None)
    # A reader that goes by the heading needs it also where there is no row.
    names = list(first or next(_rows([{}], columns, flat)))
    _write_csv(csv.writer, names)
    for row in chain([] if first is None else [first], rows):
        _write_csv(csv.writer, [_csv_cell(row.get(name)) for name in names])


def _write_csv(writer: Callable[[io.StringIO], Any], cells: Sequence[Any]) -> None:
    text = io.StringIO()
    writer(text).writerow(cells)  # with the default end of a line it quotes a cell with \r or \n
    write(text.getvalue().removesuffix("\r\n"))


def _csv_cell(value: Any) -> Any:
    """A value as a cell of CSV, which a spreadsheet does not take for a formula."""
    if isinstance(value, (dict, list, bool)):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    text = plain(value) if sys.stdout.isatty() else value
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(
    records: Iterable[Record], columns: Sequence[Column], flat: Flat | None
) -> Iterator[Mapping[str, Any]]:
    for one in records:
        yield {c.heading: shown(one, c.path) for c in columns} if flat is None else flat(one)
