"""What a command prints: a table, JSON, JSON lines, CSV or tab-separated values."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import click

from statuspro._flat import shown
from statuspro.cli.waiting import line

Record = Mapping[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

#: Control characters, of which escape sequences are made, and those that turn the writing around.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

FORMATS = ("table", "json", "jsonl", "csv")


class Column(NamedTuple):
    """One column.

    Attributes:
        heading: of the table, and name in CSV.
        path: of the value, such as `status.name`.
        color: path of the colour that the value is shown in.
        align: `left` or `right`.
        is_cut: whether the value is cut where the terminal is narrow.
    """

    heading: str
    path: str
    color: str = ""
    align: str = "left"
    is_cut: bool = True


class Output:
    """Prints records in the format that the user asked for.

    Args:
        form: one of `FORMATS`; None for a table on a terminal, tab-separated values elsewhere.
        fields: the paths to print instead of all.
    """

    def __init__(self, form: str | None, fields: Sequence[str]) -> None:
        self._form = form
        self._fields = tuple(fields)

    def records(
        self,
        records: Iterable[Record],
        columns: Sequence[Column],
        flat: Callable[[Record], Mapping[str, Any]] | None = None,
    ) -> None:
        """Prints a list of records.

        Args:
            records: read as they are printed, but for a table.
            columns: of the table.
            flat: makes a row of CSV; the table's columns by default.
        """
        if self._fields:
            columns = [Column(path, path) for path in self._fields]
            flat = None
        form = self._form or ("table" if sys.stdout.isatty() else "tsv")
        if form == "table":
            _print_table(records, columns)
        elif form == "json":
            _write(json.dumps([self._picked(one) for one in records], ensure_ascii=False, indent=2))
        elif form == "jsonl":
            for one in records:
                _write(json.dumps(self._picked(one), ensure_ascii=False))
        elif form == "csv":
            _print_csv(records, columns, flat)
        else:
            for one in records:
                _write("\t".join(_cell(shown(one, column.path)) for column in columns))

    @property
    def is_for_people(self) -> bool:
        """Whether to print what a person reads, rather than records."""
        return not self._fields and (
            self._form == "table" or (self._form is None and sys.stdout.isatty())
        )

    def record(self, record: Record, flat: Callable[[Record], Mapping[str, Any]]) -> None:
        """Prints one record: as one JSON object, or as one row."""
        if self._form == "json":
            _write(json.dumps(self._picked(record), ensure_ascii=False, indent=2))
        else:
            self.records([record], [Column(name, name) for name in flat(record)], flat)

    def _picked(self, record: Record) -> Any:
        return {path: shown(record, path) for path in self._fields} if self._fields else record


def prints(function: Function) -> Function:
    """Gives a command the argument `output`, and the options that say how to print."""

    @click.option("-o", "--output", "form", type=click.Choice(FORMATS), help="How to print.")
    @click.option("--json", "is_json", is_flag=True, help="Short for --output json.")
    @click.option("--fields", metavar="PATHS", help="Print these only, such as name,status.code.")
    @functools.wraps(function)
    def with_output(
        *args: Any, form: str | None, is_json: bool, fields: str | None, **options: Any
    ) -> Any:
        if is_json and form not in (None, "json"):
            raise click.UsageError(f"--json and --output {form} do not go together.")
        paths = [path.strip() for path in (fields or "").split(",") if path.strip()]
        output = Output("json" if is_json else form, paths)
        return function(*args, output=output, **options)

    return cast(Function, with_output)


def _write(text: str) -> None:
    line.hide()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()  # a reader that has seen enough ends the command


def _cell(value: Any) -> str:
    """A value as one cell: tab-separated values have no quotes."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return _STEERING.sub("", json.dumps(value, ensure_ascii=False))
    return plain(str(value).lower() if isinstance(value, bool) else value)


def plain(value: object) -> str:
    """Makes one line of a text of the service, without what would steer the terminal.

    A customer chooses a part of these texts, such as the name.
    """
    return _STEERING.sub("", " ".join(str(value).split()))


def _print_csv(
    records: Iterable[Record],
    columns: Sequence[Column],
    flat: Callable[[Record], Mapping[str, Any]] | None,
) -> None:
    import csv

    writer: Any = None
    for row in _rows(records, columns, flat):
        if writer is None:
            writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
            writer.writeheader()
        line.hide()
        writer.writerow(row)
        sys.stdout.flush()


def _rows(
    records: Iterable[Record],
    columns: Sequence[Column],
    flat: Callable[[Record], Mapping[str, Any]] | None,
) -> Iterator[Mapping[str, Any]]:
    for one in records:
        yield {c.heading: shown(one, c.path) for c in columns} if flat is None else flat(one)


def _print_table(records: Iterable[Record], columns: Sequence[Column]) -> None:
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from statuspro.cli.console import Console
    from statuspro.values import hex_color

    records = list(records)
    console = Console()
    is_ascii = not console.encoding.startswith("utf")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        cells = [_cell(shown(one, column.path)) for one in records]
        table.add_column(
            column.heading.upper(),
            justify="right" if column.align == "right" else "left",
            overflow="crop" if is_ascii else "ellipsis",
            no_wrap=True,
            min_width=None if column.is_cut else max(map(cell_len, cells), default=0),
        )
    for one in records:
        table.add_row(
            *(
                Text(_cell(shown(one, column.path)), hex_color(shown(one, column.color)) or "")
                for column in columns
            )
        )
    line.hide()
    console.print(table)
