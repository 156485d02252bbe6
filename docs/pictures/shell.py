"""The pictures of the page "The command line": commands recorded in a terminal, then drawn.

`python docs/pictures/shell.py record` runs the commands in a terminal, against a sandbox with fixed
data, and writes what they wrote to `shell.json`; `… draw` writes an SVG for each of them from it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pexpect
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from statuspro.sandbox import Sandbox

HERE = Path(__file__).parent
RECORD = HERE / "shell.json"

COLUMNS = 88

#: What is typed for each picture. A line of answers follows, one for each question.
COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "list": (["list", "--due-to", "2026-03-28", "-n", "12"], []),
    "view": (["view", "1424", "--viable"], []),
    "bulk": (["bulk", "shipped", "--file", "ready.csv", "--wait", "3"], ["n", "y"]),
    "doctor": (["doctor"], []),
}

#: What the pictures say of the machine that they were made on.
_MASKS = (
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8900"),
    (r"in \d+ ms", "in 3 ms"),
)

#: Its first orders have names that an SVG draws in their columns.
SEED = 6

#: Noon of the day that the pictures show.
NOON = 1773403200.0  # 2026-03-13

#: Has a command see that day.
_ON_THAT_DAY = """
import datetime, sys
class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls(2026, 3, 13)
datetime.date = Day
from statuspro.cli import main
sys.exit(main())
"""


# --- recording


def record() -> None:
    """Runs the commands and keeps what they wrote."""
    RECORD.write_text(json.dumps(recorded(), indent=1, ensure_ascii=True) + "\n")


def recorded() -> dict[str, str]:
    """What each command writes to a terminal."""
    with tempfile.TemporaryDirectory() as home:
        return {name: written(name, Path(home, name)) for name in COMMANDS}


def written(name: str, home: Path) -> str:
    """What a command writes to a terminal, in a home of its own."""
    arguments, answers = COMMANDS[name]
    with _shop(name) as shop:
        key = "of-another-shop" if name == "doctor" else shop.api_key
        home.mkdir(exist_ok=True)
        (home / "ready.csv").write_text("name\n#1430\n#1426\n#1428\n#1424\n")
        terminal = pexpect.spawn(
            sys.executable,
            ["-c", _ON_THAT_DAY, *arguments],
            cwd=home,
            env=_environment(shop, key, home),
            dimensions=(60, COLUMNS),
            encoding="utf-8",
            timeout=30,
        )
        said = ""
        for answer in answers:
            terminal.expect(r"\[y/[nN]\] ")
            said += terminal.before + terminal.after
            terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        terminal.close()
        said += terminal.before
    for found, shown in ((re.escape(str(home)), "/home/ann"), *_MASKS):
        said = re.sub(found, shown, said)
    return "\n".join(_screen(said))


def _shop(name: str) -> Sandbox:
    if name == "doctor":
        return Sandbox()  # the command looks at its clock
    with patch.object(time, "time", lambda: NOON):
        return Sandbox(seed=SEED)


def _environment(shop: Sandbox, key: str, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "STATUSPRO_BASE_URL": shop.base_url,
        "STATUSPRO_API_KEY": key,
    }


def _screen(written: str) -> list[str]:
    """The lines that are left on the screen; a line that was taken away is not."""
    rows, at = [""], 0
    for part in re.split(r"(\n|\r|\x1b\[\d*A|\x1b\[2K|\x1b\[\?25[lh])", written):
        if part == "\n":
            at += 1
            rows.extend([""] * (at + 1 - len(rows)))
        elif part == "\x1b[2K":
            rows[at] = ""
        elif part.endswith("A") and part.startswith("\x1b"):
            at = max(at - int(part[2:-1] or 1), 0)
        elif part != "\r" and not part.startswith("\x1b[?"):
            rows[at] += part
    return [row.rstrip() for row in rows[:-1]] if not rows[-1] else rows


# --- drawing


def draw() -> None:
    """Draws what `record` has kept."""
    for name, svg in pictures(json.loads(RECORD.read_text())):
        (HERE / f"{name}.svg").write_text(svg)


def pictures(records: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each picture's name and the picture as SVG."""
    for name, written in records.items():
        yield name, picture(name, written)


def picture(name: str, written: str) -> str:
    """A terminal with a command and what it has written."""
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    arguments, _ = COMMANDS[name]
    console.print(Text.assemble(("$ ", "dim"), (f"statuspro {' '.join(arguments)}", "bold")))
    console.print(Text.from_ansi(written))
    return console.export_svg(title="", code_format=_format(), unique_id=name) + "\n"


def _format() -> str:
    """Rich's own form, without the fonts that it would fetch from elsewhere."""
    return re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


if __name__ == "__main__":
    {"record": record, "draw": draw}[sys.argv[1]]()
