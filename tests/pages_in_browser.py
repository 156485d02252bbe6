"""The built documentation in a browser: every page, wide and narrow, light and dark, offline.

`nox -s docs` builds the pages and then runs this module on them. Plain pytest does not collect it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag

import pytest

from tests.support.axe import axe
from tests.support.browser import Scheme, overflow, prefer, resize
from tests.support.browser import axe_core as axe_core
from tests.support.browser import browser as browser
from tests.support.paths import ROOT
from tests.support.polling import eventually

HTML = Path(os.environ.get("STATUSPRO_HTML", ROOT / "docs" / "_build" / "html")).resolve()
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if not path.relative_to(HTML).parts[0].startswith("_")
)

WIDE, NARROW = (1280, 800), (390, 844)
#: Dark pages differ in their colours alone.
SCHEMES: list[tuple[Scheme, list[str] | None]] = [("light", None), ("dark", ["color-contrast"])]

#: What scrolls sideways in a box of its own: code keeps its lines, and a data frame its rows.
SCROLLING = "pre, .cell_output"

#: What the window or the box around it cuts off.
CUT_OFF = """
const edge = document.documentElement.clientWidth;
return [...document.querySelectorAll("article *")].filter(each => {
    const scrolling = each.closest(arguments[0]);
    const visible = each.checkVisibility({visibilityProperty: true});
    return visible && !(scrolling && scrolling !== each)
        && !each.closest(".visually-hidden, .headerlink, .content-icon-container")
        && (each.getBoundingClientRect().right > edge
            || (each.matches(".table-wrapper, .statuspro") && each.scrollWidth > each.clientWidth));
}).map(each => `${each.tagName} ${each.className}: ${each.textContent.trim().slice(0, 60)}`);
"""

#: Sections that have a heading and nothing else.
EMPTY = """
return [...document.querySelectorAll("article section:not(:has(> :not(h1, h2, h3, h4, span)))")]
    .map(each => each.id);
"""

#: What is done to each chart, which is drawn on white.
CHARTS = """
return [...document.querySelectorAll("img.chart")].map(each => getComputedStyle(each).filter);
"""

#: Many parts of a page are alike, and axe takes its time for each: the first ones stand for all.
THIN_OUT = """
const rows = "tbody tr:nth-child(n+5), dl.py ~ dl.py ~ dl.py";
document.querySelectorAll(rows).forEach(each => each.remove());
const seen = new Set();
for (const each of document.querySelectorAll("pre span, :is(p, td, li, dd) > code, li > a")) {
    const around = each.parentElement?.closest("pre, code, th, td, dt, dd, aside, p, article");
    if (!around) continue;  // gone with another part
    const kind = [each.tagName, each.className, around.tagName, getComputedStyle(each).color];
    seen.has(kind.join()) ? each.remove() : seen.add(kind.join());
}
"""

#: Rules of axe that are not ours to keep.
OF_OTHERS = {
    "definition-list": "Sphinx writes the parameters of a long signature as a list without terms",
    "empty-table-header": "pandas leaves the headings above an index empty",
    "landmark-unique": "furo has two sidebars",
    "page-has-heading-one": "furo's page of search results has a heading once there are any",
    "region": "furo's link to the content stands outside of it",
}


def address(page: str) -> str:
    return (HTML / page).as_uri()


def test_the_pages_are_built() -> None:
    sources = {path.stem for path in (ROOT / "docs").glob("*.rst")}
    assert sources <= {page.removesuffix(".html") for page in PAGES}, "run nox -s docs"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_cut_off(page: str, browser: Any) -> None:
    browser.get(address(page))
    assert browser.execute_script(EMPTY) == []
    for size in (NARROW, WIDE):
        resize(browser, size)
        assert browser.execute_script(CUT_OFF, SCROLLING) == [], size
        assert overflow(browser) == 0, size


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read_by_eye_and_by_ear(page: str, browser: Any) -> None:
    resize(browser, NARROW)
    browser.get(address(page))
    browser.execute_script(THIN_OUT)
    for scheme, rules in SCHEMES:
        prefer(browser, scheme)
        is_turned = {"none" not in done for done in browser.execute_script(CHARTS)}
        assert is_turned <= {scheme == "dark"}
        found = [fault for fault in axe(browser, rules) if fault.partition(":")[0] not in OF_OTHERS]
        assert found == [], scheme


def test_the_search_works_without_a_server(browser: Any) -> None:
    resize(browser, WIDE)
    browser.get(address("index.html"))
    box = browser.find_element("css selector", ".sidebar-search")
    box.send_keys("retry_after\n")

    def found() -> list[str]:
        links = browser.find_elements("css selector", "#search-results li a")
        return [str(link.get_attribute("href")) for link in links]

    assert eventually(lambda: address("errors.html") in {urldefrag(link).url for link in found()})


# --- what needs no browser


class Picture(NamedTuple):
    file: str
    words: str


class Page(HTMLParser):
    """The anchors of a page, the links of its text, and its pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.pictures: list[Picture] = []
        self._is_text = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._is_text |= tag == "article"
        self.anchors.add(given.get("id", ""))
        if tag == "a" and self._is_text:
            self.links.append(given.get("href", ""))
        if tag == "img":
            self.pictures.append(Picture(given.get("src", ""), given.get("alt", "")))

    def handle_endtag(self, tag: str) -> None:
        self._is_text &= tag != "article"


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {name: Page(HTML / name) for name in PAGES}


def targets(name: str, page: Page) -> Iterator[tuple[str, str]]:
    """The file and the anchor of each link that stays in the documentation."""
    for link in page.links:
        if ":" not in link:
            path, anchor = urldefrag(link)
            file = (HTML / name).parent.joinpath(unquote(path)).resolve() if path else HTML / name
            yield file.relative_to(HTML).as_posix(), unquote(anchor)


def test_no_link_is_dead(pages: dict[str, Page]) -> None:
    dead = [
        (name, file, anchor)
        for name, page in pages.items()
        for file, anchor in targets(name, page)
        if not (HTML / file).is_file() or (anchor and anchor not in pages[file].anchors)
    ]
    assert dead == []


def test_every_page_is_two_clicks_from_the_home(pages: dict[str, Page]) -> None:
    reached = {"index.html"}
    for _ in range(2):
        reached |= {file for name in reached & set(pages) for file, _ in targets(name, pages[name])}
    assert set(PAGES) - reached == {"search.html"}


def test_every_picture_has_words(pages: dict[str, Page]) -> None:
    pictures = [picture for page in pages.values() for picture in page.pictures]
    assert len(pictures) > 20
    assert [each.file for each in pictures if len(each.words.split()) < 4] == []
