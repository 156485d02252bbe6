"""The orders that a text or CSV file names: its column, its cells, and what is wrong with them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from statuspro.cli.exits import USAGE
from statuspro.cli.references import is_id

#: Headings of a column of ids, and of numbers or names, as `_folded` writes them.
_ID_HEADINGS = frozenset({"id", "order id", "orderid", "statuspro id"})
_NUMBER_HEADINGS = frozenset(
    {"order", "order number", "ordernumber", "order no", "order name", "name", "number", "no"}
)

_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_DECIMALS = re.compile(r"\d+[.,]0+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3}){3,}")
_DELIMITER_SAID = re.compile(r"sep=([,;\t|])\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#(?=\s|$).*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BETWEEN = re.compile(r"[\s,;]+")

#: How a spreadsheet may be told that digits are text: `="6110375248088"` or `'6110375248088`.
_AS_TEXT = re.compile(r"=\"(\d+)\"|'(\d+)")

#: So many faults are told at the most.
_MOST_TOLD = 5


class Reference(NamedTuple):
    """One order that the user names.

    Attributes:
        word: its id, number or name.
        place: where it stands, such as `line 7`; empty for an argument.
    """

    word: str
    place: str = ""


class BadSheet(click.ClickException):
    """A file that does not tell which orders are meant."""

    exit_code = USAGE


def references_in(data: bytes, name: str, column: str | None = None) -> list[Reference]:
    """Reads the orders that a file names.

    Args:
        data: what the file holds.
        name: of the file, for messages; its ending tells CSV from text.
        column: the heading of the column to read; None to find it by its name.

    Raises:
        BadSheet: the file is no text, has no such column, or has lines that name no order.
    """
    text = _decoded(data, name)
    is_table = column is not None or name.lower().endswith((".csv", ".tsv", ".tab"))
    if is_table or _has_heading(text):
        found = list(_cells(text, name, column))
    else:
        found = list(_words(text, name))
    if not found:
        raise BadSheet(f"{name} names no order.")
    return checked(found, name)


def checked(references: Sequence[Reference], name: str = "") -> list[Reference]:
    """Makes plain references of them, or refuses those that name no order.

    Args:
        references: as they were given.
        name: of the file they are from.

    Raises:
        BadSheet: some name no order; the message tells the first ones, and why.
    """
    plain = [Reference(_without_marks(each.word), each.place) for each in references]
    faults = [(each, why) for each in plain if (why := _fault(each.word))]
    if faults:
        raise _refused([_told(each, why) for each, why in faults], name)
    return plain


def _told(reference: Reference, why: str) -> str:
    place = reference.place or reference.word
    return why if why.startswith(place) else f"{place}: {why}"


def _refused(faults: Sequence[str], name: str) -> BadSheet:
    told = [*faults[:_MOST_TOLD]]
    if len(faults) > _MOST_TOLD:
        told.append(f"and {len(faults) - _MOST_TOLD} more")
    of = f"{name}: " if name else ""
    return BadSheet(f"{of}{'; '.join(told)}. Nothing was sent.")


def _fault(word: str) -> str | None:
    """Says why a word names no order; its words are shown only where they are figures."""
    if _EXPONENT.fullmatch(word):
        return (
            f"{word} has lost the digits of its id; format the column as a number without "
            "decimals, or as text, and save the file again"
        )
    if _DECIMALS.fullmatch(word):
        return (
            f"{word} has decimals, and may have lost digits; format the column as a number "
            "without decimals, or as text, and save the file again"
        )
    if _THOUSANDS.fullmatch(word):
        return f"{word} has separators between its digits; write the id without them"
    if not any(character.isdigit() for character in word):
        return "there is no id, number or name of an order"
    return None


def _without_marks(word: str) -> str:
    match = _AS_TEXT.fullmatch(word)
    return (match[1] or match[2]) if match else word


# Bytes to text


def _decoded(data: bytes, name: str) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise BadSheet(f"{name} is a spreadsheet: save it as CSV first.")
    try:
        for mark, encoding in _BYTE_ORDER_MARKS:
            if data.startswith(mark):
                return data.decode(encoding)
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # digits are the same in all of these
    if "\0" in text:
        raise BadSheet(f"{name} is neither text nor CSV.")
    return text


# Text


def _words(text: str, name: str) -> Iterator[Reference]:
    """Yields the words of a text; `#` and a space begin a comment, `#1188` is a number."""
    for number, line in enumerate(_LINE_END.split(text), 1):
        said = _COMMENT.sub("", line).strip()
        if any(_THOUSANDS.fullmatch(word) for word in said.split()):
            raise _refused(
                [
                    f"line {number}: one id with separators between its digits, or several "
                    "numbers? Write a number on each line"
                ],
                name,
            )
        yield from (Reference(word, f"line {number}") for word in _BETWEEN.split(said) if word)


# CSV


class _Row(NamedTuple):
    """One row of a table, its cells without the spaces around, and the line it begins on."""

    line: int
    cells: list[str]


def _has_heading(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    cells = re.split(f"[{_DELIMITERS}]", first)
    return _DELIMITER_SAID.match(first) is not None or any(
        _folded(cell) in _ID_HEADINGS | _NUMBER_HEADINGS for cell in cells
    )


def _cells(text: str, name: str, column: str | None) -> Iterator[Reference]:
    """Yields the cells of the column that names the orders."""
    rows = _rows(text, name)
    first = next(rows, None)
    if first is None:
        return
    if column is None and len(first.cells) == 1 and _is_reference(first.cells[0]):
        place, headings = 0, [""]  # a column without a heading
        yield Reference(first.cells[0], f"line {first.line}")
    else:
        headings = first.cells
        place = _place(headings, column, name)
    fault_of = _fault
    if column is None and _folded(headings[place]) in _ID_HEADINGS:
        fault_of = _fault_of_id
    faults: list[str] = []
    for row in rows:
        where = f"line {row.line}"
        word = row.cells[place] if place < len(row.cells) else ""
        if any(row.cells[len(headings) :]):
            faults.append(f"{where}: it has more cells than there are columns")
        elif not word:
            faults.append(f"{where}: {headings[place] or 'the cell'} is empty")
        elif why := fault_of(_without_marks(word)):
            faults.append(f"{where}: {why}")
        yield Reference(word, where)
    if faults:
        raise _refused(faults, name)


def _fault_of_id(word: str) -> str | None:
    why = _fault(word)
    if why is None and not is_id(word):
        return "there is no id (10 digits or more); --column names a column of numbers"
    return why


def _rows(text: str, name: str) -> Iterator[_Row]:
    import csv

    lines = list(io.StringIO(text, newline=""))
    skipped = 0
    if lines and (said := _DELIMITER_SAID.match(lines[0])):  # as Excel writes and reads it
        delimiter, skipped = said[1], 1
    else:
        delimiter = _delimiter(lines)
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    begins = skipped + 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield _Row(begins, cells)
            begins = skipped + reader.line_num + 1
    except csv.Error as error:
        raise _refused([f"line {begins}: {error}"], name) from None


def _delimiter(lines: Sequence[str]) -> str:
    """Finds what stands between the headings."""
    import csv

    first = next((line for line in lines if line.strip()), "")
    return max(_DELIMITERS, key=lambda each: len(next(csv.reader([first], delimiter=each))))


def _place(headings: Sequence[str], column: str | None, name: str) -> int:
    """Finds the column that names the orders.

    Raises:
        BadSheet: there is none, or there are several.
    """
    if column is not None:
        places = [place for place, each in enumerate(headings) if each == column.strip()]
        wanted = _folded(column)
        places = places or [place for place, h in enumerate(headings) if _folded(h) == wanted]
        asked = f"a column {column!r}"
    else:
        ids = [place for place, each in enumerate(headings) if _folded(each) in _ID_HEADINGS]
        places = ids or [p for p, each in enumerate(headings) if _folded(each) in _NUMBER_HEADINGS]
        asked = "a column such as id, order or name"
    if len(places) == 1:
        return places[0]
    if any(_is_reference(each) or "@" in each for each in headings):
        raise BadSheet(f"{name}: its first line names no columns. Nothing was sent.")
    if places:
        several = ", ".join(headings[place] for place in places)
        raise BadSheet(f"{name} has several columns that may tell the orders: {several}. {_HOW}")
    raise BadSheet(f"{name} has not {asked}. It has {', '.join(filter(None, headings))}. {_HOW}")


_HOW = "Name one with --column."


def _is_reference(cell: str) -> bool:
    return re.fullmatch(r"#?\d[\d.,eE+]*", _without_marks(cell)) is not None


def _folded(heading: str) -> str:
    """A heading as it is compared: `Order_ID` and `order id` are one."""
    return " ".join(re.sub(r"[\W_]+", " ", heading).casefold().split())
