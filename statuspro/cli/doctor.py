"""`statuspro doctor`: what is wrong with the settings, this machine or the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from statuspro.cli.command import command
from statuspro.cli.exits import DONE
from statuspro.cli.output import Column, Output, plain, prints
from statuspro.cli.waiting import line

if TYPE_CHECKING:
    from rich.console import RenderableType

_EXAMPLES = """
    statuspro doctor
    statuspro doctor --json
    statuspro doctor | grep -v '^ok'
"""

_COLUMNS = tuple(Column(name, name) for name in ("state", "check", "said", "advice"))

#: How each state is drawn: the mark, the mark where the encoding lacks it, the colour.
_MARKS = {
    "ok": ("✓", "ok", "green"),
    "warning": ("!", "!", "yellow"),
    "problem": ("✗", "x", "red"),
}


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        check: what was looked at.
        state: how it is.
        said: what was found.
        advice: what to do.
        code: the exit code of the command, if nothing worse is found.
    """

    check: str
    state: Literal["ok", "warning", "problem"]
    said: str
    advice: str = ""
    code: int = DONE


@command("doctor", _EXAMPLES)
@prints
@click.pass_context
def doctor_command(ctx: click.Context, *, output: Output) -> None:
    """Say what is wrong, and what to do.

    Looks where the key and the base URL come from, whether the budget that commands share can be
    used and what is left of it, at proxies and certificates, and whether the service is reached and
    takes the key: by one request, GET /statuses, which has 10 seconds. Compares this machine's
    clock and the limit with the service's. No character of the key is shown.

    Without a terminal it is tab-separated values without a heading: state (ok, warning, problem),
    what was looked at, what was found, what to do.

    Exit codes: 0 no problem, 1 a problem, 2 usage, 5 no key or one that the service does not take.
    """
    from statuspro.cli.checks import Examination

    line.tell("looking at the settings and at the service")
    findings = list(Examination().findings())
    line.hide()
    if output.is_for_people:
        output.draw(lambda _: _drawn(findings))
    else:
        output.records(list(map(_record, findings)), _COLUMNS)
    ctx.exit(max(finding.code for finding in findings))


def _record(finding: Finding) -> dict[str, Any]:
    record = finding._asdict()
    del record["code"]
    return record


def _drawn(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    from statuspro.cli.drawing import GAP, glyph

    made = Table.grid(padding=(0, GAP, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    topic = ""
    for finding in findings:
        mark, in_ascii, style = _MARKS[finding.state]
        shown = "" if finding.check == topic else finding.check[:1].upper() + finding.check[1:]
        made.add_row(Text(glyph(mark, in_ascii), style), Text(shown), Text(plain(finding.said)))
        if finding.advice:
            made.add_row("", "", Text(f"{glyph('→', '->')} {plain(finding.advice)}", "bold"))
        topic = finding.check
    yield made
    yield Text()
    yield Text(*_sum(findings))


def _sum(findings: Sequence[Finding]) -> tuple[str, str]:
    counts = Counter(finding.state for finding in findings)
    parts = [
        f"{counts[state]} {state}{'' if counts[state] == 1 else 's'}"
        for state in ("problem", "warning")
        if counts[state]
    ]
    if not parts:
        return "All is well.", "green"
    return f"{', '.join(parts)}.", "red" if counts["problem"] else "yellow"
