"""The translations: every sentence of the customers' pages is translated, and compiled."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from django import test
from django.test import override_settings
from django.utils import translation

from statuspro.contrib import django as app
from statuspro.contrib.django.presentation import due_in_words, language_of_texts
from statuspro.sandbox import Sandbox

Client: Any = test.Client

FOLDER = Path(app.__file__).parent
CATALOGUES = sorted((FOLDER / "locale").glob("*/LC_MESSAGES/django.po"))
#: The modules whose sentences a customer may read.
MODULES = ("forms", "presentation", "unavailable", "views")
TAG = re.compile(r'{% translate "([^"]+)"(?: context "([^"]+)")? %}')
BLOCK = re.compile(r"{% blocktranslate trimmed(.*?)%}(.*?){% endblocktranslate %}", re.DOTALL)


def entries_of(path: Path) -> list[dict[str, str]]:
    """The entries of a catalogue, without its header: each keyword with its text."""
    found: list[dict[str, str]] = []
    for entry in path.read_text(encoding="utf-8").split("\n\n")[1:]:
        lines = [line.split(" ", 1) for line in entry.splitlines() if not line.startswith("#")]
        found.append({keyword: ast.literal_eval(text) for keyword, text in lines})
    return found


def key_of(said: str, context: str | None = None) -> str:
    return f"{context}\x04{said}" if context else said


def texts_of_app() -> set[str]:
    """The sentences in the templates and in the modules."""
    found = set()
    for template in (FOLDER / "templates" / "statuspro").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        found |= {
            f"{context}\x04{said}" if context else said for said, context in TAG.findall(text)
        }
        for _, block in BLOCK.findall(text):
            for form in block.split("{% plural %}"):
                lines = " ".join(filter(None, map(str.strip, form.splitlines())))
                found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", lines))
    for module in MODULES:
        for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and "gettext" in ast.unparse(node.func):
                found.add(key_of(*reversed([ast.literal_eval(given) for given in node.args])))
    return found


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated_and_no_other(path: Path) -> None:
    entries = entries_of(path)
    keys = {key_of(entry["msgid"], entry.get("msgctxt")) for entry in entries}
    plurals = {entry["msgid_plural"] for entry in entries if "msgid_plural" in entry}
    assert texts_of_app() == keys | plurals
    for entry in entries:
        gaps = {tuple(re.findall(r"%\(\w+\)s", entry[keyword])) for keyword in entry}
        assert len(gaps - {()}) <= 1
        assert all(entry.values())


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_is_compiled_as_it_is_written(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries_of(path):
        said = entry["msgid"]
        if plural := entry.get("msgid_plural"):
            forms = [compiled.ngettext(said, plural, count) for count in (1, 2)]
            assert forms == [entry["msgstr[0]"], entry["msgstr[1]"]]
        elif context := entry.get("msgctxt"):
            assert compiled.pgettext(context, said) == entry["msgstr"]
        else:
            assert compiled.gettext(said) == entry["msgstr"]


def test_a_page_is_in_the_visitors_language(of_sandbox: dict[str, Any], sandbox: Sandbox) -> None:
    order_id = sandbox.add_order(
        email="ann@lee.example", status_code="st000002", due_date="2031-03-03", locale="nl"
    )
    number = sandbox.order(order_id)["order_number"]
    given = {"number": number, "email": "ann@lee.example"}
    with override_settings(MIDDLEWARE=["django.middleware.locale.LocaleMiddleware"]):
        german = Client(headers={"accept-language": "de-AT,de;q=0.9"}).post("/order/", given).text
        dutch = Client(headers={"accept-language": "nl"}).post("/order/", given).text
    assert '<html lang="de">' in german
    assert f"Bestellung #{number}" in german
    assert "Voraussichtlich am 3. M\u00e4rz 2031." in german
    assert '<span lang="de" dir="auto">In Arbeit</span>' in german
    assert '<html lang="en">' in dutch
    assert "Expected on March 3, 2031." in dutch
    assert '<span lang="en-us" dir="auto">On the workbench</span>' in dutch


def test_days_are_in_the_language_of_the_sentence_around_them() -> None:
    with translation.override("de"):
        assert language_of_texts() == "de"
        said = due_in_words({"due_date": "2001-03-03", "due_date_to": "2001-03-07"})
        assert said == "Vorgesehen war: bis zum 7. M\u00e4rz 2001."
    with translation.override("fr"):
        assert due_in_words({"due_date": "2001-03-03"}) == "It was expected by March 3, 2001."
