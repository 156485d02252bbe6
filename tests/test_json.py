"""JSON: with orjson each document gives what the standard parser makes of it, or is refused too."""

import json
import subprocess
import sys
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspro import _json
from statuspro.sandbox import Sandbox

#: White space that makes any document large enough for orjson.
PADDING = b" " * 2**13


def refuse(name: str) -> NoReturn:
    raise ValueError(name)


def standard(content: bytes) -> Any:
    """What the standard parser makes of a document, or that it refuses it."""
    try:
        return exact(json.loads(content.decode("utf-8-sig"), parse_constant=refuse))
    except (ValueError, RecursionError):
        return "refused"


def ours(content: bytes) -> Any:
    try:
        return exact(_json.parse(content))
    except ValueError:
        return "refused"


def exact(value: Any) -> Any:
    """The value so that only equal ones of equal types, in equal order, are equal."""
    flat: list[Any] = []
    rest = [value]
    while rest:  # not recursive: a document may have more levels than the stack
        one = rest.pop()
        flat.append(type(one))
        if isinstance(one, dict):
            flat.append(list(one))
            rest += one.values()
        elif isinstance(one, list):
            flat.append(len(one))
            rest += one
        else:
            flat.append(repr(one))
    return flat


def agree(content: bytes) -> None:
    for padded in (content, content + PADDING, PADDING + content):
        assert ours(padded) == standard(padded)


# What a value is --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 0, "{}", {"id": 1}, {}, [1], []])
def test_a_value_is_an_object_or_an_array_or_neither(value: object) -> None:
    assert _json.is_object(value) is (type(value) is dict)
    assert _json.is_array(value) is (type(value) is list)
    assert _json.as_object(value) == (value if type(value) is dict else {})
    assert _json.as_array(value) == (value if type(value) is list else [])


# Any document, and any bytes --------------------------------------------------------------------

NUMBERS = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**18, 10**19])
    | st.floats(allow_nan=True, allow_infinity=True)
)
TEXTS = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Nd", "Ps"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)
DOCUMENTS = st.builds(
    lambda value, is_ascii: json.dumps(value, ensure_ascii=is_ascii).encode(
        "utf-8", "surrogatepass"
    ),
    VALUES,
    st.booleans(),
)
PIECES = st.sampled_from(
    [
        *(
            bytes([code])
            for code in b'[]{},:"\\-+.eE0123456789 \t\r\n\x00\x0b\x7f\x85\xa0\xc2\xed\xff'
        ),
        *(
            b"1e999",
            b"-0",
            b"-0.0",
            b"1e-999",
            b"01",
            b"NaN",
            b"Infinity",
            b"null",
            b"true",
            b"tru",
        ),
        *(
            b'"a":1',
            b'"a":2',
            b'"\\ud800"',
            b'"\\udc00\\ud800"',
            b"\\u0000",
            b"\xed\xa0\x80",
            b"//",
        ),
        *(
            b"9" * 18,
            b"9" * 19,
            b"9" * 20,
            b"0" * 25,
            b"1." + b"3" * 25,
            b"\xef\xbb\xbf",
            b"\xc2\xa0",
        ),
    ]
)


@given(DOCUMENTS)
def test_both_parsers_agree_on_any_document(content: bytes) -> None:
    agree(content)


@given(DOCUMENTS, st.lists(st.tuples(st.integers(0), st.integers(0, 3), PIECES), max_size=4))
def test_both_parsers_agree_on_damaged_documents(
    content: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    for place, length, piece in damages:
        start = place % (len(content) + 1)
        content = content[:start] + piece + content[start + length :]
    agree(content)


@given(st.lists(PIECES, max_size=12).map(b"".join) | st.binary())
def test_both_parsers_agree_on_any_bytes(content: bytes) -> None:
    agree(content)


# What orjson sees otherwise ---------------------------------------------------------------------

DIFFERENT = {
    "NaN": b"[NaN]",
    "infinity": b"[-Infinity]",
    "a float beyond the largest": b"[1e999, -1e999, 1e-999]",
    "minus zero": b"[-0, -0.0, 0]",
    "64 bits": b"[9223372036854775807, -9223372036854775808, 18446744073709551615]",
    "more than 64 bits": b"[18446744073709551616, -9223372036854775809]",
    "more digits than Python takes": b"1" * 5000,
    "a float with many digits": b"[0.12345678901234567890123456789, 123456789012345678901.5]",
    "a name twice": b'{"a": 1, "b": 2, "a": 3}',
    "a lone surrogate": b'{"\\ud800": "\\udc00"}',
    "a pair of surrogates": b'"\\ud83d\\ude00"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "a byte order mark": b'\xef\xbb\xbf{"id": 7}',
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf1",
    "invalid UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"id": 7}'.encode("utf-16"),
    "UTF-16 without a mark": '{"id": 7}'.encode("utf-16-le"),
    "white space alone": b" \r\n",
    "other white space": b"\x0c1\x0b",
    "a no-break space": b"1\xc2\xa0",
    "a control character": b'"\x01"',
    "a null byte": b"1\0",
    "two values": b"{} {}",
    "a comma too many": b"[1,]",
    "cut off": b'{"data": [',
    "html": b"<!DOCTYPE html>",
}


@pytest.mark.parametrize("content", DIFFERENT.values(), ids=DIFFERENT)
def test_what_orjson_sees_otherwise_is_as_the_standard_parser_sees_it(content: bytes) -> None:
    agree(content)


@pytest.mark.parametrize("levels", [10, 499, 500, 700, 1024, 1025, 1500, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_both_parsers_take_as_many_levels(levels: int, opening: bytes, closing: bytes) -> None:
    agree(opening * levels + b"1" + closing * levels)
    agree(opening * levels)


# Which parser is used ---------------------------------------------------------------------------

PAGE = json.dumps({"data": [{"id": 6110375248088, "status": {}}] * 100, "meta": {}}).encode()


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The documents that another parser in orjson's place gets; it refuses what begins with 1."""
    contents: list[bytes] = []

    def parse(content: bytes) -> Any:
        contents.append(content)
        if content.startswith(b"1"):
            raise ValueError("1")
        return "parsed"

    monkeypatch.setattr(_json, "_fast_parser", lambda: parse)
    return contents


def test_a_large_document_goes_to_orjson(handed: list[bytes]) -> None:
    content = PAGE + PADDING
    assert _json.parse(content) == "parsed"
    assert handed == [content]


def test_what_orjson_refuses_goes_to_the_standard_parser_too(handed: list[bytes]) -> None:
    assert _json.parse(b"1" + PADDING) == 1
    assert handed == [b"1" + PADDING]


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        PAGE[: PAGE.index(b",")] + b"}]}",
        b"[%s]" % (b"9" * 19) + PADDING,
        b"[-%s]" % (b"9" * 19) + PADDING,
        b" [%s]" % (b"9" * 19) + PADDING,
        b"[%s, %s1]" % (b"9" * 19, PADDING),
        b"[%s, 1]" % (b"9" * 18 + b"0") + PADDING,
        b"[%s, [{}]]" % b", ".join([b"{}"] * 497) + PADDING,
        b"[%s]" % b", ".join([b"{}"] * 500) + PADDING,
        b"[%s]" % b", ".join([b"[]"] * 500) + PADDING,
    ],
    ids=[
        *("empty", "small", "digits", "minus", "digits from an odd byte on", "digits at first"),
        *("a last 0", "both", "objects", "arrays"),
    ],
)
def test_orjson_never_gets_what_it_may_take_for_something_else(
    handed: list[bytes], content: bytes
) -> None:
    assert _json.parse(content) == json.loads(content)
    assert handed == []


@pytest.mark.parametrize(
    "content",
    [
        b"[%s]" % (b"9" * 16) + PADDING,
        b" [%s]" % (b"9" * 16) + PADDING,
        b"[%s, [{}]]" % b", ".join([b"{}"] * 496) + PADDING,
        b'["2026-11-26T07:25:00.123456789+00:00", "2026112607250012"]' + PADDING,
    ],
    ids=["digits", "digits from an odd byte on", "brackets", "texts"],
)
def test_orjson_gets_what_it_takes_for_the_same(handed: list[bytes], content: bytes) -> None:
    assert _json.parse(content) == "parsed"
    assert handed == [content]


def test_a_client_gets_the_same_orders_with_each_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(orders=150)
    with sandbox.client(adapter=sandbox.adapter()) as client:
        orders = client.list_orders()
        monkeypatch.setattr(_json, "_fast_parser", lambda: None)
        assert exact(client.list_orders()) == exact(orders)
    assert len(orders["data"]) == 150


# Whether it is there ----------------------------------------------------------------------------

WITHOUT_ORJSON = """
import sys
sys.modules["orjson"] = None  # import orjson raises ImportError
from statuspro import _json
from statuspro.sandbox import Sandbox
sandbox = Sandbox(orders=120)
with sandbox.client(adapter=sandbox.adapter()) as client:
    assert len(client.list_orders()["data"]) == 120
assert _json._fast_parser() is None
assert _json.parse(b"[18446744073709551616]" + b" " * 10_000) == [2**64]
"""

WHEN_NEEDED = """
import sys
from statuspro import _json
assert _json.parse(b"[7]") == [7]
assert "orjson" not in sys.modules
assert _json.parse(b"[7]" + b" " * 10_000) == [7]
assert "orjson" in sys.modules
"""


def test_the_standard_parser_does_where_orjson_is_not_installed() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_ORJSON], check=True)


def test_orjson_is_imported_at_the_first_large_document() -> None:
    pytest.importorskip("orjson")
    subprocess.run([sys.executable, "-c", WHEN_NEEDED], check=True)
