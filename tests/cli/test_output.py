"""What a command prints: tables, JSON, JSON lines, CSV, tab-separated values."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import Any

import click
import pytest

from statuspro.cli.output import Column, Output
from statuspro.sandbox import Sandbox
from tests.support.terminal import environment, invoke, on_terminal, plain

RECORDS: list[dict[str, Any]] = [
    {"id": 7, "name": "#1188", "status": {"name": "In\tProduction"}, "tags": ["a", "b"]},
    {"id": 8, "name": '"Żółć", 李', "status": {}, "tags": None},
]
COLUMNS = (Column("name", "name"), Column("status", "status.name"))


def printed(
    form: str | None, capsys: pytest.CaptureFixture[str], fields: tuple[str, ...] = ()
) -> str:
    Output(form, fields).records(RECORDS, COLUMNS)
    return capsys.readouterr().out


def test_json_is_what_the_service_sent(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed("json", capsys)
    assert json.loads(text) == RECORDS
    assert "Żółć" in text
    assert text.endswith("]\n")


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line) for line in printed("jsonl", capsys).splitlines()] == RECORDS


def test_csv_has_quotes_where_it_needs_them(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(printed("csv", capsys))))
    assert rows == [
        {"name": "#1188", "status": "In\tProduction"},
        {"name": '"Żółć", 李', "status": ""},
    ]


def test_without_a_terminal_there_are_tabs_and_no_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed(None, capsys) == '#1188\tIn Production\n"Żółć", 李\t\n'


STEERING = "Ann\x1b]0;title\x07 \x9b31mL\u202eee\r\nHacker\x7f"


@pytest.mark.parametrize("form", [None, "table"])
def test_what_would_steer_the_terminal_is_left_out(
    form: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    customer: dict[str, Any] = {"name": STEERING, "tags": [STEERING]}
    Output(form, ("name", "tags")).records([customer], [])
    text = capsys.readouterr().out
    assert "Ann]0;title 31mLee Hacker" in text
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x7f"} & {*text}


def test_json_and_csv_keep_what_the_service_sent(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("json", "csv"):
        Output(form, ()).records([{"name": STEERING}], [Column("name", "name")])
        text = capsys.readouterr().out
        if form == "json":
            assert json.loads(text) == [{"name": STEERING}]
            assert "\x1b" not in text
        else:
            assert list(csv.reader(io.StringIO(text, newline="")))[1] == [STEERING]


def test_a_table_on_demand_has_no_colours_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heading, *rows = printed("table", capsys).splitlines()
    assert heading.split() == ["NAME", "STATUS"]
    assert len(rows) == 2


def test_fields_are_taken_by_their_paths(capsys: pytest.CaptureFixture[str]) -> None:
    fields = ("status.name", "tags", "id", "tags")
    assert json.loads(printed("json", capsys, fields))[0] == {
        "status.name": "In\tProduction",
        "tags": ["a", "b"],
        "id": 7,
    }
    assert printed(None, capsys, fields) == 'In Production\t["a", "b"]\t7\n\t\t8\n'
    assert printed("csv", capsys, fields).splitlines() == [
        "status.name,tags,id",
        'In\tProduction,"[""a"", ""b""]",7',
        ",,8",
    ]


@pytest.mark.parametrize("form", [None, "table", "json", "jsonl", "csv"])
def test_a_field_that_there_is_not_is_refused_before_anything_is_printed(
    form: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(click.BadParameter, match=r"no field 'status.nam'. Did you mean status.na"):
        printed(form, capsys, ("name", "status.nam"))
    assert capsys.readouterr().out == ""


def test_a_fields_option_without_a_field_is_refused(shop: Sandbox) -> None:
    shown = invoke("statuses", "--fields", " ,")
    assert shown.exit_code == 2
    assert "'--fields': must name a field" in shown.stderr
    assert not shop.requests


def test_a_field_that_all_lack_by_chance_is_none_that_there_is_not(shop: Sandbox) -> None:
    shop.fail(200, body="[]", path="/statuses")
    assert invoke("statuses", "--fields", "description").exit_code == 0
    shop.fail(200, body="[]", path="/statuses")
    assert invoke("statuses", "--fields", "descriptions").exit_code == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"])
def test_csv_holds_no_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = {"name": text, "count": -1, "status": f"a{text}"}
    Output("csv").records([record], [Column(name, name) for name in record])
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row == {"name": f"'{text}", "count": "-1", "status": f"a{text}"}


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", 'say "a", b'])
def test_csv_keeps_the_line_ends_of_a_cell(text: str) -> None:
    """Also where the system writes its lines with another end, as Windows does."""
    code = f"""
import io, sys
from statuspro.cli.output import Column, Output
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), "utf-8", newline="\\r\\n")
columns = [Column("name", "name"), Column("is", "is")]
Output("csv").records([{{"name": {text!r}, "is": True}}], columns)
"""
    written = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert written.endswith(b",true\n")
    assert b"name,is\n" in written
    assert list(csv.reader(io.StringIO(written.decode(), newline="")))[1] == [text, "true"]


def test_csv_on_a_terminal_does_not_steer_it(shop: Sandbox) -> None:
    status = {"code": "st1", "name": "A\x1b]0;title\x07\x9bB", "description": "", "color": ""}
    shop.fail(200, body=json.dumps([status]), path="/statuses")
    shown, _ = on_terminal("statuses", "-o", "csv")
    assert "A]0;titleB" in shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_reads_back_in_every_encoding(encoding: str) -> None:
    text = "\u017b 李 🎺 \x9b \x7f \u202e \ud800 \u2028"
    code = f"""
from statuspro.cli.output import Output
Output("jsonl").records([{{"name": {text!r}}}], [])
"""
    written = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=environment({"PYTHONIOENCODING": encoding}),
    ).stdout.decode(encoding)
    assert json.loads(written) == {"name": text}
    assert not {"\x9b", "\x7f", "\u202e"} & {*written}


def test_json_and_another_format_do_not_go_together(shop: Sandbox) -> None:
    shown = invoke("statuses", "--json", "-o", "csv")
    assert shown.exit_code == 2
    assert "--json and --output csv do not go together" in shown.stderr


@pytest.mark.parametrize("options", [("--json",), ("-o", "json"), ("--json", "-o", "json")])
def test_json_for_short(options: tuple[str, ...], shop: Sandbox) -> None:
    with shop.client() as client:
        assert json.loads(invoke("statuses", *options).stdout) == client.get_statuses()


def test_a_terminal_gets_a_table_with_colours(shop: Sandbox) -> None:
    shown, status = on_terminal("statuses", COLORTERM="truecolor")
    assert status == 0
    assert "CODE" in plain(shown).splitlines()[0]
    assert "\x1b[38;2;" in shown


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_none(environ: dict[str, str], shop: Sandbox) -> None:
    shown, status = on_terminal("statuses", **environ)
    assert status == 0
    assert "\x1b[3" not in shown
    assert "CODE" in plain(shown).splitlines()[0]


def test_a_narrow_terminal_cuts_and_does_not_fold(shop: Sandbox) -> None:
    shown, _ = on_terminal("statuses", columns=40)
    lines = plain(shown).splitlines()
    assert len(lines) == 8
    assert max(map(len, lines)) <= 40
    assert "…" in shown


def test_ascii_output_does_not_crash(shop: Sandbox) -> None:
    shown, status = on_terminal("statuses", LANG="C", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert status == 0
    assert "st000002" in shown
