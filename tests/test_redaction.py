"""What may be shown, and what may not."""

import copy
import html
import json
import pickle
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from html.entities import codepoint2name
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from statuspro.redaction import HIDDEN, Redactor, Secret, loggable_query, sealed, without_query

KEY = "key-3f9a1c77e0d24b58"
URL = "https://shop.test/api/v1/orders"


def prepared(method: str = "GET", url: str = URL, **keywords: Any) -> requests.PreparedRequest:
    headers = {"Authorization": f"Bearer {KEY}"}
    return requests.Request(method, url, headers=headers, **keywords).prepare()


# Query strings


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("page=2&per_page=100", "page=2&per_page=100"),
        ("status_code=st000002", "status_code=st000002"),
        ("exclude_cancelled=true", "exclude_cancelled=true"),
        ("due_date_from=2026-02-10", "due_date_from=2026-02-10"),
        ("due_date_to=2026-02-10", "due_date_to=2026-02-10"),
        ("financial_status%5B%5D=paid", "financial_status[]=paid"),
        ("fulfillment_status[]=partial", "fulfillment_status[]=partial"),
        ("search=Ann+Lee", "search=[hidden]"),
        ("number=1188&email=ann%40lee.test", "number=[hidden]&email=[hidden]"),
        ("tags[]=vip&tags_any[]=vip", "tags[]=[hidden]&tags_any[]=[hidden]"),
        ("something_new=Ann", "[hidden]=[hidden]"),
        ("ann%40lee.test", "[hidden]=[hidden]"),
        ("Ann+Lee=1&page=2", "[hidden]=[hidden]&page=2"),
        ("search=", "search=[hidden]"),
        ("page=1&search=Ann&page=2", "page=1&search=[hidden]&page=2"),
        ("Page=Ann", "[hidden]=[hidden]"),
        ("", ""),
    ],
)
def test_a_query_shows_what_is_known_to_be_harmless(query: str, shown: str) -> None:
    assert loggable_query(query) == shown


def test_a_query_forges_no_second_line() -> None:
    assert loggable_query("status_code=a%0AERROR%20b&c%0Ad=e").splitlines() == [
        "status_code=a%0AERROR%20b&[hidden]=[hidden]"
    ]


def test_a_query_shows_the_names_that_are_the_apis_own() -> None:
    query = "search=a&number=b&email=c&tags[]=d&tags_any%5B%5D=e"
    assert [pair.partition("=")[0] for pair in loggable_query(query).split("&")] == [
        *("search", "number", "email", "tags[]", "tags_any[]")
    ]


@settings(deadline=None)
@given(st.text(), st.text(min_size=4))
def test_no_query_shows_a_value_that_is_not_on_the_list(name: str, value: str) -> None:
    query = requests.models.PreparedRequest()
    query.prepare_url(URL, {f"x{name}": f"secret{value}"})
    assert query.url is not None
    assert "secret" not in loggable_query(query.url.partition("?")[2])


# URLs


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://shop.test/orders?search=Ann", "https://shop.test/orders"),
        ("https://shop.test/orders#Ann", "https://shop.test/orders"),
        ("https://ann:secret@shop.test:8443/orders", "https://shop.test:8443/orders"),
        ("https://ann@lee@shop.test/", "https://shop.test/"),
        ("/login?next=/orders", "/login"),
        ("//shop.test/x?y", "//shop.test/x"),
        ("?search=Ann", ""),
        ("", ""),
        ("http://[", HIDDEN),
    ],
)
def test_a_url_is_shown_without_query_fragment_and_credentials(url: str, shown: str) -> None:
    assert without_query(url) == shown


# What a request carries


def hides(request: requests.PreparedRequest | None, *values: str) -> bool:
    """Whether a response's text would be shown without each of these values."""
    texts = [Redactor(request).text(f"<{value}>") for value in values]
    assert set(texts) <= {f"<{HIDDEN}>", *(f"<{value}>" for value in values)}
    return set(texts) == {f"<{HIDDEN}>"}


def shows(request: requests.PreparedRequest | None, *values: str) -> bool:
    """Whether a response's text would be shown with each of these values."""
    return not any(hides(request, value) for value in values)


def test_the_key_is_confidential_with_and_without_its_scheme() -> None:
    assert hides(prepared(), KEY, f"Bearer {KEY}")


def test_query_values_are_confidential_if_they_are_not_known_to_be_harmless() -> None:
    params = {"search": "Ann Lee", "status_code": "st000002", "tags[]": ["vip"], "q": "x"}
    assert hides(prepared(params=params), "Ann Lee", "vip")
    assert shows(prepared(params=params), "st000002", "search", "tags[]")
    assert shows(prepared(params=params), "x")  # too short to identify anybody


def test_a_name_in_the_place_of_a_value_is_confidential() -> None:
    assert hides(prepared(url=f"{URL}?Ann+Lee&Zoe+Quux=1&vip"), "Ann Lee", "Zoe Quux", "vip")
    assert shows(prepared(url=f"{URL}?sort=1"), "sort")


def test_words_of_the_body_are_confidential() -> None:
    body = {"comment": "For Ann", "status_code": "st000002", "public": True, "order_ids": [12345]}
    assert hides(prepared("POST", json=body), "For Ann")
    assert shows(prepared("POST", json=body), "st000002", "12345", "True", "comment")


@pytest.mark.parametrize(
    "body",
    [
        {"customer": {"name": "Zoe Quux", "addresses": [{"city": "Uxbridge"}, 471147]}},
        [["Zoe Quux"], {"a": {"Uxbridge Road": [471147]}}, "Uxbridge"],
        {"Zoe Quux": {"a": "Uxbridge", "b": 471147}},
    ],
)
def test_json_is_searched_to_its_last_value(body: Any) -> None:
    assert hides(prepared("POST", json=body), "Zoe Quux", "Uxbridge", "471147")


def test_the_values_of_a_form_are_confidential() -> None:
    form = {"comment": "Für Ann", "status_code": "st000002", "tags[]": ["vip", "north"]}
    assert hides(prepared("POST", data=form), "Für Ann", "vip", "north")
    assert shows(prepared("POST", data=form), "st000002", "comment")
    files = {"note": ("note.txt", b"Gate 4711\nat Quux"), "comment": (None, "Für Ann")}
    assert hides(prepared("POST", files=files), "Gate 4711", "at Quux", "Für Ann")


def test_the_cookies_of_a_request_are_confidential() -> None:
    request = prepared(cookies={"session": "s3ss10n", "shop": "north pole"})
    assert hides(request, "s3ss10n", "north pole")


def test_headers_are_confidential_if_they_are_not_known_to_be_harmless() -> None:
    request = prepared()
    request.headers.update({"X-Shop-Token": "t0ken", "X-Request-Id": "7-8-9", "User-Agent": "py/1"})
    assert hides(request, "t0ken")
    assert shows(request, "7-8-9", "py/1")


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 100_000, b"null", b"true", None])
def test_a_body_that_says_nothing_holds_nothing_that_we_know_of(body: bytes | None) -> None:
    redactor = Redactor(prepared("POST", data=body))
    assert redactor.text(f"{KEY} in [a body]") in (f"{HIDDEN} in [a body]", HIDDEN)


def test_a_text_is_confidential_line_by_line() -> None:
    assert hides(prepared("POST", data="For Ann\nat Quux"), "For Ann", "at Quux")


def test_a_body_that_is_read_from_a_file_is_left_alone() -> None:
    assert hides(prepared("POST", data=iter([b"{}"])), KEY)


def test_a_header_of_bytes_is_read_too() -> None:
    request = prepared()
    request.headers["Authorization"] = f"Bearer {KEY}".encode()
    assert hides(request, KEY)


def test_no_request_holds_nothing() -> None:
    assert shows(None, KEY, "Ann")


def test_a_request_without_url_and_key_holds_nothing() -> None:
    request = requests.PreparedRequest()
    assert shows(request, KEY)
    request.headers = CaseInsensitiveDict()
    assert shows(request, KEY)


def test_what_carries_too_much_has_nothing_shown() -> None:
    redactor = Redactor(prepared("POST", json={"lines": [f"line {n}" for n in range(2000)]}))
    assert redactor.text("line 7 and more") == HIDDEN
    assert redactor.text("") == ""


def test_a_long_value_is_hidden_in_pieces() -> None:
    long = " ".join(f"wörd{n}" for n in range(400)) + "x" * 1500
    request = prepared("POST", json={"comment": long})
    for text in (long, json.dumps(long), quote(long), html.escape(long)):
        shown = Redactor(request).text(f"It is too long: {text}.")
        assert "rd" not in shown.replace("word", "")
        assert "xx" not in shown
        assert shown.startswith("It is too long: ")


# Texts

#: How services, frameworks and proxies spell what they were sent.
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.lower,
    quote,
    quote_plus,
    lambda value: quote(quote(value)),
    lambda value: quote(value.upper()).lower(),
    html.escape,
    lambda value: html.escape(html.escape(value)),
    lambda value: html.escape(value).replace("&#x27;", "&#039;"),  # PHP's htmlspecialchars
    lambda value: html.escape(value).replace("&#x27;", "&apos;"),
    lambda value: html.escape(value).replace("&#x27;", "&#39;").replace("/", "&#x2F;"),
    lambda value: "".join(
        f"&{codepoint2name.get(ord(c), f'#{ord(c)}')};" if not c.isascii() else html.escape(c)
        for c in value
    ),
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),  # PHP's json_encode
    lambda value: json.dumps(json.dumps(value))[3:-3].replace("/", "\\\\\\/"),
    lambda value: value.replace("'", "\\u0027").replace("&", "\\u0026"),  # its JSON_HEX_APOS
    lambda value: value.replace("'", "\\'").replace('"', '\\"'),
    lambda value: value.replace("'", "''"),  # SQL
    lambda value: ascii(value)[1:-1],
    lambda value: repr(value.encode())[2:-1],
    lambda value: value.encode().decode("latin-1"),
    lambda value: value.encode().decode("cp1252", "replace"),
    lambda value: unicodedata.normalize("NFD", value),
    lambda value: value.replace(" ", "  "),
    lambda value: value.replace(" ", "&nbsp;"),
    lambda value: value.replace(" ", "<br />\n"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize(
    "value",
    [
        *("O'Brien", "Ann & Lée", 'Ann "Zoë" Lee/Li', "Quüxmann-Ørsted <x>", "a+b c=d", "#77134-Q"),
        *("東京 花子", "Łódź – Śródmieście", "vip \U0001f600 100%", "C:\\Users\\Ann"),
    ],
)
def test_a_value_is_hidden_however_it_is_spelled(value: str, spell: Callable[[str], str]) -> None:
    for request in (
        prepared(params={"search": value}),
        prepared("POST", json={"customer": {"names": [value]}}),
        prepared("POST", data={"name": value}),
    ):
        assert Redactor(request).text(f"No {spell(value)}!") == f"No {HIDDEN}!"


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=3).filter(lambda value: len(value.strip()) >= 3))
def test_any_value_is_hidden_as_it_is(value: str) -> None:
    shown = Redactor(prepared("POST", json={"comment": value})).text(f"({value})")
    assert shown == f"({HIDDEN})" or value.strip() not in shown


def test_a_value_that_is_part_of_another_leaves_nothing_of_it() -> None:
    redactor = Redactor(prepared(params={"search": "Ann", "name": "Ann Lee"}))
    assert redactor.text("Who is Ann Lee? Ann?") == f"Who is {HIDDEN}? {HIDDEN}?"


def test_a_value_is_no_pattern() -> None:
    redactor = Redactor(prepared(params={"number": "(1188)"}))
    assert redactor.text("Ann (1188)") == f"Ann {HIDDEN}"
    assert Redactor(prepared(params={"search": "..."})).text("abc") == "abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No customer ann.lee+shop@mail.example.com.", f"No customer {HIDDEN}"),
        ("<ann@lee.test>, (bob@lee.test)", f"<{HIDDEN}>, ({HIDDEN})"),
        ('"ann@lee.test"', f'"{HIDDEN}"'),
        ("mailto:ann@lee.test", f"mailto:{HIDDEN}"),
        ("https://shop.test/ann@lee.test", f"https://shop.test/{HIDDEN}"),
        ("of ann%40lee.test", f"of {HIDDEN}"),
        ("of ann&#64;lee.test, ann&commat;lee.test", f"of {HIDDEN}, {HIDDEN}"),
        ("of ann\\u0040lee.test", f"of {HIDDEN}"),
        ("ännchen@münchen.test", HIDDEN),
        ("meet @ noon", "meet @ noon"),
        ("a@b", "a@b"),
        ("Nothing to hide.", "Nothing to hide."),
        ("", ""),
    ],
)
def test_addresses_are_hidden_whoever_they_belong_to(text: str, shown: str) -> None:
    assert Redactor(None).text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 300_000, "a" * 300_000),
        ("a@" * 150_000, "a@" * 150_000),
        ("." * 300_000 + "a@lee.test", HIDDEN),
        ("a%40" * 75_000, "a%40" * 75_000),
        ("\\" * 300_000, "\\" * 300_000),
        ("&amp;" * 60_000, "&amp;" * 60_000),
        (" " * 300_000, " " * 300_000),
    ],
    ids=["letters", "signs", "dots", "percents", "backslashes", "ampersands", "spaces"],
)
def test_a_long_text_is_read_once(text: str, shown: str) -> None:
    # It would take hours to read the rest of it again from each of its letters on.
    assert Redactor(prepared()).text(text) == shown


def test_half_a_character_does_not_keep_a_text_from_being_written() -> None:
    assert Redactor(None).text("a\ud800b").encode("utf-8") == b"a?b"


# JSON


def test_json_is_redacted_to_its_last_string() -> None:
    redactor = Redactor(prepared(params={"search": "Ann Lee"}))
    body = {
        "message": f"{KEY} found no Ann Lee",
        "errors": {"Ann Lee": [["ann@lee.test", 1188, None, True, 1.5]]},
    }
    assert redactor.json(body) == {
        "message": f"{HIDDEN} found no {HIDDEN}",
        "errors": {HIDDEN: [[HIDDEN, 1188, None, True, 1.5]]},
    }


def test_a_number_that_the_request_carried_is_hidden_too() -> None:
    redactor = Redactor(prepared("POST", params={"number": "1188"}, json={"phone": 4915112345}))
    assert redactor.json({"input": [1188, 4915112345, 11880, 1188.5, True]}) == {
        "input": [HIDDEN, HIDDEN, 11880, 1188.5, True]
    }


def test_json_keeps_what_is_harmless() -> None:
    body = {"message": "Server Error", "errors": {"status_code": ["Unknown."]}}
    assert Redactor(prepared()).json(body) == body


def test_json_that_is_nested_too_deep_is_refused() -> None:
    body: Any = "Ann"
    for _ in range(49):
        body = [body]
    assert Redactor(None).json(body)
    with pytest.raises(ValueError, match="deep"):
        Redactor(None).json([body])


# Responses


def test_a_scrubbed_response_keeps_what_a_handler_needs() -> None:
    response = requests.Response()
    response.status_code = 422
    response.reason = "Unprocessable Content"
    response.url = "https://shop.test/api/v1/orders?search=Ann"
    response.headers.update({"X-Request-Id": "7", "Set-Cookie": "a=b", "set-cookie2": "c=d"})
    response.elapsed = timedelta(seconds=1.5)
    kept = Redactor(None).response(response, {"message": "Nein, ü."})
    assert kept.status_code == 422
    assert kept.reason == "Unprocessable Content"
    assert kept.url == "https://shop.test/api/v1/orders"
    assert kept.headers == {"X-Request-Id": "7"}
    assert kept.elapsed == timedelta(seconds=1.5)
    assert kept.json() == {"message": "Nein, ü."}
    assert kept.text == '{"message": "Nein, ü."}'
    assert not kept.ok


def test_a_scrubbed_response_holds_nothing_confidential() -> None:
    request = prepared("POST", params={"search": "Ann Lee"}, json={"comment": "For Ann"})
    response = requests.Response()
    response.request = request
    response.status_code = 404
    response.reason = "No Ann Lee"
    response.url = f"{request.url}"
    response.headers.update(
        {
            "X-Echo": KEY,
            "Location": "https://shop.test/login?search=Ann",
            "Content-Location": "/orders?signed=Ann",
            "Link": '</orders?search=Ann&page=2>; rel="next", </orders>; rel="up"',
            "Refresh": "5; url=/login?search=Ann",
            "Set-Cookie": "last=Ann",
            "X-To": "ann@lee.test",
        }
    )
    response.raw = object()
    redactor = Redactor(request)
    kept = redactor.response(response, redactor.text("For Ann: no Ann Lee"))
    shown = repr([vars(kept), kept.text, pickle.loads(pickle.dumps(kept)).__dict__])
    for secret in (KEY, "Ann", "ann"):
        assert secret not in shown
    assert kept.headers["Location"] == "https://shop.test/login"
    assert kept.headers["Link"] == '</orders>; rel="next", </orders>; rel="up"'
    assert not [name for name in kept.headers if "cookie" in name.lower()]
    assert vars(kept)["request"] is None
    assert b"Ann" not in kept.raw.getvalue()


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (None, b""),
        ("<h1>Whoops</h1>", b"<h1>Whoops</h1>"),
        ([], b"[]"),
        ("a\ud800b", b"a?b"),
        ({"a": "\ud800"}, b'{"a": "?"}'),
    ],
)
def test_a_scrubbed_response_has_the_body_that_it_is_given(body: Any, content: bytes) -> None:
    response = requests.Response()
    response.status_code = 500
    kept = Redactor(None).response(response, body)
    assert kept.content == content
    assert list(kept.iter_content(64)) == ([content] if content else [])


def test_a_scrubbed_response_can_be_copied_and_pickled() -> None:
    response = requests.Response()
    response.status_code = 422
    kept = Redactor(None).response(response, {"message": "No."})
    for other in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert (other.status_code, other.json()) == (422, {"message": "No."})


def test_the_values_of_a_json_body_are_found_in_any_spelling_of_json() -> None:
    for text in (json.dumps({"comment": "Für Ann"}), '{"comment": "Für Ann"}'):
        assert hides(prepared("POST", data=text.encode()), "Für Ann")


def test_half_a_character_has_spellings_too() -> None:
    request = prepared("POST", data=b'{"comment": "half \\ud83d"}')
    assert hides(request, "half%20%3F", "half+%3F", "half \\ud83d")


def test_all_that_follows_the_scheme_of_a_header_is_confidential() -> None:
    request = prepared()
    request.headers["Authorization"] = "Token one two"
    assert hides(request, "one two")


@pytest.mark.parametrize("nest", [lambda inner: {"a": inner}, lambda inner: [inner]])
def test_json_is_refused_from_the_same_depth_on_whatever_it_is_nested_in(nest: Any) -> None:
    def nested(levels: int) -> Any:
        value: Any = "Ann"
        for _ in range(levels):
            value = nest(value)
        return value

    assert Redactor(None).json(nested(4), 5) == nested(4)
    with pytest.raises(ValueError, match="deep"):
        Redactor(None).json(nested(5), 5)


def test_a_scrubbed_response_is_read_like_any_other() -> None:
    response = requests.Response()
    response.status_code = 503
    copied = Redactor(None).response(response, {"message": "Zoë"})
    assert (copied.reason, copied.url, copied.encoding) == ("", "", "utf-8")
    assert b"".join(copied.iter_content(4)) == '{"message": "Zoë"}'.encode()
    assert copied.json() == {"message": "Zoë"}


# Secrets


def test_a_secret_is_a_str_all_the_same() -> None:
    secret = Secret(KEY)
    assert secret == KEY
    assert secret.encode() == KEY.encode()
    assert f"Bearer {secret}" == f"Bearer {KEY}"


def test_a_secret_is_not_shown() -> None:
    secret = Secret(KEY)
    assert repr(secret) == repr(HIDDEN)
    assert repr({"token": [secret]}) == "{'token': ['[hidden]']}"
    assert f"{secret!r}" == repr(HIDDEN)


def test_a_secret_is_its_own_copy() -> None:
    secret = Secret(KEY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    data = pickle.dumps([Secret(KEY)], protocol)
    assert KEY.encode() not in data
    assert pickle.loads(data) == [HIDDEN]


def test_what_is_sealed_is_not_shown() -> None:
    assert sealed(None) is None
    assert isinstance(sealed(KEY), Secret)
    assert sealed(KEY) == KEY
    assert sealed(sealed(KEY)) == KEY
    other = sealed(KEY.encode())
    assert repr(other) == HIDDEN
    assert other.kind == "bytes"
    assert sealed(other) is other
