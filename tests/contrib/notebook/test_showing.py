"""An order, statuses and a summary on a page and as text: escaped, readable, nothing internal."""

from __future__ import annotations

import copy
import io
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from statuspro import StatusProClient
from statuspro._contrast import contrast
from statuspro.contrib.notebook import Shown, show
from statuspro.contrib.notebook._markup import _STYLE
from statuspro.mirror import Mirror
from statuspro.sandbox import Sandbox
from statuspro.values import _COLORS

#: Markup, an escape sequence, a writing direction that turns around, half a character, a formula.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=f()> \x1b[31mred \u202eexe.gnp \ud83d $5 & $6"
)

#: What no output may have: it steers a terminal or a page, or no encoding has it.
STEERING = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def a_status(name: str, *, public: bool = True, color: str = "#22C55E") -> dict[str, Any]:
    code = f"st{sum(map(ord, name)) % 10**6:06d}"
    status = {"is_set": True, "code": code, "name": name, "public_name": None}
    return {**status, "color": color, "public": public, "description": "How it goes."}


def an_event(day: int, status: Any = None, comment: Any = None, **more: Any) -> dict[str, Any]:
    event = "status_updated" if status else "comment_added"
    entry = {"event": event, "status": status, "comment": comment, "comment_is_public": False}
    return {**entry, "created_at": f"2026-03-{day:02d}T10:30:00+00:00", "mail_log": None, **more}


def an_order(*history: dict[str, Any], status: Any = None, **more: Any) -> dict[str, Any]:
    order = {"id": 6110375248088, "name": "#1217", "order_number": "1217", "due_date": None}
    customer = {"name": "Ann Lee", "email": "ann@lee.test", "locale": "en"}
    status = status or a_status("Shipped")
    return {**order, "customer": customer, "status": status, "history": [*history], **more}


class Page(HTMLParser):
    """The elements of a page, and what there is to read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._is_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._is_style else data

    def styles(self, cls: str) -> list[str]:
        """The style of each element of a class."""
        return [each.get("style", "") for _, each in self.elements if cls in each.get("class", "")]


def page(shown: Shown) -> Page:
    return Page(shown._repr_html_())


def both(shown: Shown) -> tuple[str, str]:
    """What there is to read on the page, and the text."""
    return page(shown).text, str(shown)


# --- an order


def test_an_order_is_a_timeline_from_the_oldest_on() -> None:
    received = an_event(1, a_status("Received"))
    shipped = an_event(3, a_status("Shipped"), "Two parcels", comment_is_public=True)
    shown = show(an_order(shipped, received))
    everything = show(an_order(shipped, received), internal=True)
    for text in (*both(shown), *both(everything)):
        assert text.index("Received") < text.index("Two parcels")
    assert len(page(shown).styles("sp-dot")) == 2


def test_as_text_an_order_has_a_line_for_each_thing() -> None:
    run = """
import os, time
os.environ["TZ"] = "America/New_York"
time.tzset()
from tests.contrib.notebook.test_showing import *
order = an_order(
    an_event(1, a_status("Received")),
    an_event(3, a_status("Shipped"), "Two parcels\\nand a tube", comment_is_public=True),
    an_event(4, None, "Call her", comment_is_public=True),
    due_date="2026-03-15T00:00:00+00:00",
)
print(show(order))
"""
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, encoding="utf-8")
    # 1 March is before the clocks change, and the due day is the day that was written.
    assert done.stdout.splitlines() == [
        "#1217  [Shipped]  due Sunday 15 March 2026",
        "  2026-03-01 05:30  ● Received",
        "  2026-03-03 05:30  ● Shipped",
        '                    "Two parcels',
        '                    and a tube"',
        '  2026-03-04 05:30  "Call her"',
        "Times in EST. This is what the customer may see; internal=True shows the rest.",
    ], done.stderr


SECRETS = ("Call the bank", "Fraud check", "Ann Lee", "ann@lee.test", "Subject of a mail")


def with_secrets() -> dict[str, Any]:
    mail = {
        "from": "shop@shop.test",
        "to": "ann@lee.test",
        "subject": "Subject of a mail",
        "delivery_status": "sent",
    }
    return an_order(
        an_event(1, a_status("Received"), mail_log=mail),
        an_event(2, None, "Call the bank"),
        an_event(3, a_status("Fraud check", public=False)),
        status=a_status("Fraud check", public=False),
    )


def test_nothing_internal_is_shown_by_default() -> None:
    shown = show(with_secrets())
    for text in both(shown):
        assert "Received" in text
        assert "No public status" in text
        assert "internal=True shows the rest" in text
        assert not [secret for secret in SECRETS if secret in text]
    assert not [secret for secret in SECRETS if secret in unescape(shown._repr_html_())]


def test_all_is_shown_to_a_reader_who_asks_for_it() -> None:
    for text in both(show(with_secrets(), internal=True)):
        assert not [secret for secret in SECRETS if secret not in text]
        assert "internal comment: " in text
        assert "Fraud check (not public)" in text


def test_a_name_that_is_written_from_the_right_turns_nothing_else_around() -> None:
    customer = {"name": "תמר לוי", "email": "tamar@levi.test", "locale": "he"}
    html = show(an_order(customer=customer), internal=True)._repr_html_()
    assert "<bdi>תמר לוי</bdi>, <bdi>tamar@levi.test</bdi>, <bdi>he</bdi>" in html


def test_a_public_name_stands_for_the_name_until_all_is_asked_for() -> None:
    status = {**a_status("Joinery 2"), "public_name": "On the workbench"}
    order = an_order(an_event(1, status), status=status)
    for text in both(show(order)):
        assert text.count("On the workbench") == 2
        assert "Joinery" not in text
    for text in both(show(order, internal=True)):
        assert text.count("Joinery 2") == 2


def test_an_event_of_neither_status_nor_comment_says_what_it_is() -> None:
    event = an_event(1, event="tracking_number_added")
    for text in both(show(an_order(event), internal=True)):
        assert "tracking number added" in text


@pytest.mark.parametrize(
    ("due", "due_to", "said"),
    [
        (None, None, ""),
        ("2026-03-15T00:00:00+00:00", None, "due Sunday 15 March 2026"),
        ("2026-03-15", "2026-03-17", "due Sunday 15 March 2026 to Tuesday 17 March 2026"),
        (None, "2026-03-17", "due Tuesday 17 March 2026"),
    ],
)
def test_the_due_date_is_said_as_a_day(due: Any, due_to: Any, said: str) -> None:
    for text in both(show(an_order(due_date=due, due_date_to=due_to))):
        assert said in text
        assert ("due" in text) is bool(said)


def test_an_order_of_a_list_says_where_its_history_is(client: StatusProClient) -> None:
    order = client.list_orders(max_items=1)["data"][0]
    for text in both(show(order)):
        assert order["name"] in text
        assert "get_order reads it" in text


def test_an_order_without_a_status_and_without_history_says_so() -> None:
    order = an_order(status={"is_set": False})
    for text in both(show(order)):
        assert "No status" in text
        assert "The customer sees no history." in text
    assert "Nothing has happened." in str(show(order, internal=True))


def test_an_order_out_of_a_mirror_shows_the_same(client: StatusProClient, mirror: Mirror) -> None:
    orders = [order for order in mirror.orders() if order.get("history")]
    for order in orders[:3]:
        assert str(show(order)) == str(show(client.get_order(order["id"])))


# --- what others wrote


def hostile(thing: Any) -> Any:
    """The same with hostile texts everywhere, but for keys and what must be read."""
    if isinstance(thing, dict):
        kept = ("created_at", "event", "id", "code")
        return {key: each if key in kept else hostile(each) for key, each in thing.items()}
    if isinstance(thing, list):
        return [hostile(each) for each in thing]
    return HOSTILE if isinstance(thing, str) or thing is None else thing


@pytest.fixture
def shown(client: StatusProClient, request: pytest.FixtureRequest) -> Shown:
    """What `show` makes of a thing with hostile texts."""
    mail = {"from": "", "to": "", "subject": "", "delivery_status": ""}
    history = [an_event(1, a_status("x"), "x", mail_log=mail), an_event(2, None, "x")]
    if request.param == "order":
        for entry in history:
            entry["comment_is_public"] = True
        return show(hostile(an_order(*history)))
    if request.param == "internal":
        return show(hostile(an_order(*history)), internal=True)
    thing: Any = client.get_statuses()
    if request.param == "summary":
        thing = client.summarize_orders()
    return show(hostile(copy.deepcopy(thing)))


@pytest.mark.parametrize("shown", ["order", "internal", "statuses", "summary"], indirect=True)
def test_hostile_texts_are_only_read(shown: Shown) -> None:
    html = shown._repr_html_()
    elements = page(shown).elements
    allowed = {"div", "style", "span", "bdi", "ol", "li", "time", "b", "p", "table", "tr", "td"}
    assert {tag for tag, _ in elements} <= allowed | {"code"}
    given = {key for _, attributes in elements for key in attributes}
    assert given <= {"class", "style", "datetime", "colspan"}
    assert "<script>alert(1)</script>" in page(shown).text
    assert "<script>alert(1)</script>" in str(shown)
    for text in (html, str(shown)):
        assert not re.search(STEERING, text)
        assert "red exe.gnp" in text
        text.encode()


@pytest.mark.parametrize("shown", ["order", "statuses", "summary"], indirect=True)
def test_a_hostile_colour_becomes_a_neutral_one(shown: Shown) -> None:
    styles = [each["style"] for _, each in page(shown).elements if "style" in each]
    assert styles
    part = r"(background|border-color|color):#[0-9a-f]{6}|width:[0-9.]+%"
    assert all(re.fullmatch(f"({part})(;({part}))*", style) for style in styles)


def test_a_page_asks_nobody_for_anything_and_runs_nothing(client: StatusProClient) -> None:
    for thing in (client.get_statuses(), client.summarize_orders()):
        assert not re.search(r"<script|https?:|url\(|@import|src=|href=", show(thing)._repr_html_())


def test_dollars_are_no_formula(client: StatusProClient) -> None:
    cls = page(show(client.get_statuses())).elements[0][1]["class"]
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(cls.split())


# --- statuses


def test_statuses_are_chips_with_their_codes(client: StatusProClient) -> None:
    statuses = client.get_statuses()
    shown = show(statuses)
    assert len(page(shown).styles("sp-chip")) == len(statuses)
    for status, line in zip(statuses, str(shown).splitlines(), strict=True):
        assert re.split(r"  +", line) == [status["name"], status["code"], status["description"]]
        assert status["code"] in page(shown).text


def test_viable_statuses_are_shown_too(shop: Sandbox, client: StatusProClient) -> None:
    order = client.list_orders(max_items=1)["data"][0]
    viable = client.get_viable_statuses(order["id"])
    assert len(page(show(viable)).styles("sp-chip")) == len(viable)


def test_no_statuses_are_said_to_be_none() -> None:
    assert both(show([])) == ("There are no statuses.",) * 2


def colors(style: str) -> dict[str, str]:
    return dict(re.findall(r"([a-z-]+):(#[0-9a-f]{6})", style))


def test_every_colour_of_the_catalogue_can_be_read_and_seen() -> None:
    statuses = [{"code": name, "name": name, "color": name} for name in [*_COLORS, "no colour"]]
    for style in page(show(statuses)).styles("sp-chip"):
        chip = colors(style)
        assert contrast(chip["color"], chip["background"]) >= 4.5
        for ground in ("#ffffff", "#111111"):
            edge = contrast(chip["border-color"], ground), contrast(chip["background"], ground)
            assert max(edge) >= 1.5


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_page_is_read_in_dark_and_in_light(is_dark: bool) -> None:
    light, dark = _STYLE.split("@media(prefers-color-scheme:dark)")
    pattern = r"--sp-([a-z]+):var\(--jp-[a-z0-9-]+,var\(--vscode-[a-zA-Z-]+,(#[0-9a-f]{6})\)\)"
    found = dict(re.findall(pattern, dark if is_dark else light))
    assert contrast(found["ink"], found["ground"]) >= 7
    assert contrast(found["faint"], found["ground"]) >= 4.5
    assert (found["ground"] < "#888888") is is_dark


# --- a summary


def a_summary(**counts: int) -> dict[str, Any]:
    by_status = [
        {"code": f"st{number}", "name": name, "color": "amber", "count": count}
        for number, (name, count) in enumerate(counts.items())
    ]
    financial, fulfillment = {"partially_paid": 1000}, {"unfulfilled": 0}
    return {
        "total": 2000,
        "without_status": 500,
        "by_status": by_status,
        "by_financial_status": financial,
        "by_fulfillment_status": fulfillment,
    }


def test_a_summary_has_bars_as_long_as_its_counts() -> None:
    shown = show(a_summary(New=2000, Held=0, Shipped=250))
    widths = [re.findall(r"width:(.+)%", style)[0] for style in page(shown).styles("sp-bar")]
    assert widths == ["100.00", "12.50", "25.00", "50.00"]  # what is none has no bar
    assert colors(page(shown).styles("sp-bar")[0])["background"] == "#f59e0b"
    assert str(shown).splitlines() == [
        "2,000 orders that are not cancelled",
        "",
        "Status",
        "  New             2,000  " + "█" * 30,
        "  Held                0",
        "  Shipped           250  " + "█" * 4,
        "  No status         500  " + "█" * 8,
        "",
        "Payment",
        "  partially paid  1,000  " + "█" * 15,
        "",
        "Fulfillment",
        "  unfulfilled         0",
    ]


def test_a_count_beside_thousands_has_a_bar_still() -> None:
    lines = str(show(a_summary(New=100_000, Held=1))).splitlines()
    assert lines[4].endswith("1  █")


def test_names_in_wide_characters_stay_in_line() -> None:
    lines = str(show(a_summary(製作中=2000, New=2000))).splitlines()
    assert lines[3] == "  製作中          2,000  " + "█" * 30
    assert lines[4] == "  New             2,000  " + "█" * 30


def test_the_summary_of_a_client_is_shown(client: StatusProClient) -> None:
    summary = client.summarize_orders()
    for text in both(show(summary)):
        assert all(status["name"] in text for status in summary["by_status"])
        assert "partially refunded" in text


def test_an_output_without_these_characters_gets_plain_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert str(show(a_summary(New=1))).isascii()
    assert "* Received" in str(show(an_order(an_event(1, a_status("Received")))))


# --- what is none of these


@pytest.mark.parametrize("thing", [None, 3, "st000001", {}, {"id": 1}, [3], [{"name": "x"}], {1}])
def test_anything_else_is_a_type_error_without_its_value(thing: Any) -> None:
    wanted = "thing must be an order, a list of statuses or a summary of orders, not "
    with pytest.raises(TypeError, match=f"^{wanted}{type(thing).__name__}$"):
        show(thing)


def test_internal_is_a_flag() -> None:
    with pytest.raises(TypeError, match="internal must be"):
        show(an_order(), internal="no")  # type: ignore[arg-type]
