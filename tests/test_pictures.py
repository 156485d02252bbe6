"""The pictures of the documentation are drawn from what stands recorded beside them."""

import json
import re
import runpy
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


def test_the_picture_of_the_rate_limits_shows_what_was_recorded() -> None:
    module = runpy.run_path(str(PICTURES / "rate_limits.py"))
    events = json.loads((PICTURES / "rate_limits.json").read_text())
    assert (PICTURES / "rate_limits.svg").read_text() == module["picture"](events)
    assert [status for _, status in events["ours"]] == [200] * module["PAGES"]
    assert 429 in {status for _, status in events["naive"]}


def words(svg: str) -> list[str]:
    """What an SVG has to read; versions of rich draw it with other numbers."""
    return [unescape(each) for each in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


@pytest.mark.parametrize("name", ["list", "view", "bulk", "doctor"])
def test_the_pictures_of_the_shell_show_what_was_recorded(name: str) -> None:
    module = runpy.run_path(str(PICTURES / "shell.py"))
    written = json.loads((PICTURES / "shell.json").read_text())[name]
    drawn = (PICTURES / f"{name}.svg").read_text()
    assert words(drawn) == words(module["picture"](name, written))
    assert len(words(drawn)) > 10
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "").replace(
        "http://127.0.0.1:8900", ""
    ).replace("https://www.textualize.io", "")


@pytest.mark.parametrize("name", ["list", "view"])
def test_the_commands_still_write_what_their_pictures_show(name: str, tmp_path: Path) -> None:
    module = runpy.run_path(str(PICTURES / "shell.py"))
    recorded = json.loads((PICTURES / "shell.json").read_text())[name]
    assert module["written"](name, tmp_path) == recorded


@pytest.fixture(scope="module")
def of_notebooks() -> Iterator[dict[str, str]]:
    """The pictures of the page "Notebooks", drawn now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield runpy.run_path(str(PICTURES / "notebook.py"))["pictures"]()
    time.tzset()


@pytest.mark.parametrize("name", ["by-status", "due", "age", "durations", "flow"])
def test_the_plots_of_the_notebooks_are_drawn_so(name: str, of_notebooks: dict[str, str]) -> None:
    drawn = (PICTURES / f"notebook-{name}.svg").read_text()
    assert words(drawn) == words(of_notebooks[f"notebook-{name}.svg"])
    assert len(words(drawn)) > 10
    assert len(drawn) < 40_000


@pytest.mark.parametrize("name", ["order", "statuses", "summary"])
def test_the_pages_of_the_notebooks_are_shown_so(name: str, of_notebooks: dict[str, str]) -> None:
    shown = (PICTURES / f"notebook-{name}.html").read_text()
    assert shown == of_notebooks[f"notebook-{name}.html"]


def test_the_pictures_of_the_shop_are_small_and_shown() -> None:
    pictures = sorted(PICTURES.glob("shop-*.webp"))
    shown = re.findall(r"image:: pictures/(shop-\S+)", (PICTURES.parent / "django.rst").read_text())
    assert [path.name for path in pictures] == sorted(shown)
    script = (PICTURES / "shop.py").read_text()
    taken = re.findall(r'picture\(browser, "([\w-]+)"', script)
    assert sorted(f"shop-{name}.webp" for name in taken) == sorted(shown)
    assert max(path.stat().st_size for path in pictures) < 60_000
