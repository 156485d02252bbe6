"""Orders out of text and CSV files: columns, encodings, and cells that a spreadsheet has spoilt."""

from __future__ import annotations

import pytest

from statuspro.cli.sheets import BadSheet, Reference, checked, references_in

FIRST, SECOND = "6110375248088", "6110375248089"


def words(text: str | bytes, name: str = "f.csv", column: str | None = None) -> list[str]:
    """The orders that a file of this text names."""
    data = text.encode() if isinstance(text, str) else text
    return [each.word for each in references_in(data, name, column)]


def refusal(text: str | bytes, name: str = "f.csv", column: str | None = None) -> str:
    """The message with which the file is refused."""
    with pytest.raises(BadSheet) as caught:
        words(text, name, column)
    assert caught.value.exit_code == 2
    return caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        f"id,name\n{FIRST},#1188\n{SECOND},#1189\n",
        f"name,id\n#1188,{FIRST}\n#1189,{SECOND}",
        f"ID;Kunde\r\n{FIRST};Lee, Ann\r\n{SECOND};Bob\r\n",
        f"Kunde\tOrder ID\nLee; Ann\t{FIRST}\nBob\t{SECOND}\n",
        f"Kunde|order_id\nAnn|{FIRST}\nBob|{SECOND}\n",
        f'"id","customer"\n"{FIRST}","Lee, ""Ann"""\n"{SECOND}","two\nlines"\n',
        f"sep=;\nid;x,y,z\n{FIRST};1\n{SECOND};2\n",
        f"\n\nid,name\n,\n{FIRST},#1188\n , \n\n {SECOND} ,#1189\n\n",
        f"orderId\r{FIRST}\r{SECOND}\r",
        f'id,name\n="{FIRST}",x\n\'{SECOND},y\n',
        f"{FIRST}\n{SECOND}\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_ids_of_a_csv_file(text: str, encoding: str) -> None:
    assert words(text.encode(encoding)) == [FIRST, SECOND]


def test_bytes_that_are_no_utf_8_are_taken_as_windows_writes_them() -> None:
    assert words(f"Größe;id\n1;{FIRST}\n".encode("cp1252")) == [FIRST]
    assert words(f"Größe;id\n1;{FIRST}\n".encode("cp1252"), column="id") == [FIRST]
    assert words(b"x\x81;id\n1;" + FIRST.encode()) == [FIRST]


@pytest.mark.parametrize("heading", ["Order", "order_number", "Order Number", "NAME", "Order #"])
def test_a_column_of_numbers(heading: str) -> None:
    assert words(f"customer,{heading}\nAnn,#1188\nBob,1189\nCy,EX-7\n") == ["#1188", "1189", "EX-7"]


def test_a_column_of_the_users_choice() -> None:
    text = f"id,Auftrag,other\n1,1188,{FIRST}\n2,1189,{SECOND}\n"
    assert words(text, column="Auftrag") == ["1188", "1189"]
    assert words(text, column="OTHER") == [FIRST, SECOND]
    assert words(text, "f.txt", column="id") == ["1", "2"]
    assert "f.csv has not a column 'none'. It has id, Auftrag, other." in refusal(
        text, column="none"
    )


def test_the_exact_heading_goes_before_one_in_other_letters() -> None:
    assert words("name,Name\nx1,1188\n", column="Name") == ["1188"]


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("id,order_id", "several columns that may tell the orders: id, order_id. Name one"),
        ("name,order_number", "several columns that may tell the orders: name, order_number."),
        ("a,b", "has not a column such as id, order or name. It has a, b. Name one"),
    ],
)
def test_a_column_that_is_not_clear(heading: str, told: str) -> None:
    assert told in refusal(f"{heading}\n1188,1189\n")


@pytest.mark.parametrize("first", ["1188,Ann Lee", "Ann Lee,ann@lee.test"])
def test_a_first_line_without_headings_is_not_shown(first: str) -> None:
    told = refusal(f"{first}\n1189,Bob\n")
    assert "its first line names no columns" in told
    assert "Ann" not in told


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("6.11038E+12", "6.11038E+12 has lost the digits of its id; format the column"),
        ("6,11038E+12", "6,11038E+12 has lost the digits"),
        ("6e12", "6e12 has lost the digits"),
        ("6110380000000.0", "6110380000000.0 has decimals, and may have lost digits"),
        ("6110380000000,00", "has decimals"),
        ("6,110,375,248,088", "has separators between its digits"),
        ("6.110.375.248.088", "has separators between its digits"),
        ("6\u202f110\u202f375\u202f248\u202f088", "has separators between its digits"),
        ("6 110 375 248 088", "has separators between its digits"),
        ("Ann Lee", "there is no id, number or name of an order"),
        ("#", "there is no id"),
    ],
)
@pytest.mark.parametrize("heading", ["id", "order"])
def test_a_cell_that_names_no_order(cell: str, why: str, heading: str) -> None:
    told = refusal(f'{heading};x\n{FIRST};1\n"{cell}";2\n')
    assert told.startswith("f.csv: line 3: ")
    assert why in told
    assert "Ann" not in told


def test_all_bad_lines_are_told_at_once_but_not_without_end() -> None:
    bad = "".join(f'"a\n{n}",6.1E+12\n' for n in range(8))
    told = refusal(f"x,id\n1,{FIRST}\n2,\n{bad}")
    assert "line 3: id is empty; line 4: 6.1E+12" in told
    assert "line 10: " in told
    assert told.endswith("; and 4 more. Nothing was sent.")


def test_lines_are_counted_from_the_first_of_the_file() -> None:
    assert "f.csv: line 4: 6E+12" in refusal(f"sep=;\nid;x\n{FIRST};1\n6E+12;2\n")
    assert "f.csv: line 5: 6E+12" in refusal(f"\n\nid\r\n{FIRST}\r\n6E+12\r\n")


def test_a_column_of_ids_holds_no_numbers() -> None:
    told = refusal(f"id,order\n{FIRST},1188\n7,1189\n")
    assert "line 3: there is no id (10 digits or more); --column names a column of numbers" in told


def test_a_row_with_a_cell_too_many_is_refused() -> None:
    assert "line 2: it has more cells than there are columns" in refusal(
        f"name,id\nLee, Ann,{FIRST}\n"
    )
    assert words(f"name,id\nx,{FIRST},,\n") == [FIRST]


def test_a_row_that_is_too_short_is_refused() -> None:
    assert "line 3: id is empty" in refusal(f"name,id\nx,{FIRST}\ny\n")


def test_a_quote_that_is_not_closed_swallows_no_rows() -> None:
    assert "f.csv: line 3: " in refusal(f'id,name\n{FIRST},x\n{SECOND},"y\n{FIRST},z\n')


@pytest.mark.parametrize("text", ["", "\n", "id,name\n", "\ufeff", "id\n\n", ",\n,\n"])
def test_a_file_without_orders(text: str) -> None:
    assert refusal(text) == "f.csv names no order."


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\x03\x04rest", "f.csv is a spreadsheet: save it as CSV first."),
        (b"id\n\0\0", "f.csv is neither text nor CSV."),
    ],
)
def test_what_is_no_text(data: bytes, told: str) -> None:
    assert refusal(data) == told


@pytest.mark.parametrize(
    "text",
    [
        f"#1188\n1189\n{FIRST}\n",
        f"#1188 1189,{FIRST}",
        f"\ufeff#1188;1189\r\n\r\n{FIRST}\r\n",
        f"# the late ones\n#1188 # urgent\n  1189, #\n#\n{FIRST}\n",
    ],
)
@pytest.mark.parametrize("name", ["f.txt", "standard input", "f"])
def test_a_text_file(text: str, name: str) -> None:
    assert words(text, name) == ["#1188", "1189", FIRST]


def test_standard_input_is_csv_where_its_first_line_has_a_heading() -> None:
    assert words(f"name,id\n#1188,{FIRST}\n", "standard input") == [FIRST]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1188\n6.11038E+12\n", "f.txt: line 2: 6.11038E+12 has lost the digits"),
        ("1188\n\n#late\n", "f.txt: line 3: there is no id, number or name"),
        ("1188\n6,110,375,248,088\n", "f.txt: line 2: one id with separators"),
        ("# nothing\n", "f.txt names no order."),
    ],
)
def test_a_text_that_names_no_order(text: str, told: str) -> None:
    assert refusal(text, "f.txt").startswith(told)


def test_numbers_with_commas_between_are_several() -> None:
    assert words("1188,1189,1190", "f.txt") == ["1188", "1189", "1190"]
    assert words("110, 120, 130, 140", "f.txt") == ["110", "120", "130", "140"]


def test_arguments_are_named_where_they_name_no_order() -> None:
    with pytest.raises(BadSheet) as caught:
        checked([Reference("1188"), Reference("6.1E+12"), Reference("late")])
    assert caught.value.message.startswith("6.1E+12 has lost")
    assert "late: there is no id" in caught.value.message
