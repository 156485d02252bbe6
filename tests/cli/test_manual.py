"""The man pages that are made from the help."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from statuspro.cli import app

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "man.py"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each page, by the name of its file."""
    written = runpy.run_path(str(SCRIPT))["write"](tmp_path_factory.mktemp("man"))
    return {path.name: path.read_text(encoding="utf-8") for path in written}


def test_every_command_has_a_page(pages: dict[str, str]) -> None:
    assert set(pages) == {"statuspro.1", *(f"statuspro-{name}.1" for name in app._MODULES)}


def test_a_page_has_the_help_of_its_command(pages: dict[str, str]) -> None:
    page = pages["statuspro-sandbox.1"]
    assert "statuspro\\-sandbox \\- Serve a StatusPro on this machine" in page
    assert "\\fB\\-\\-orders N\\fR\nHow many.  [default: 250]" in page
    assert ".SH EXAMPLES\n.nf\nstatuspro sandbox \\-\\-port 8900\n" in page


def test_paragraphs_begin_at_the_margin_where_roff_fills_their_lines(
    pages: dict[str, str],
) -> None:
    for name, page in pages.items():
        described = page.partition(".SH DESCRIPTION\n")[2].partition(".SH OPTIONS")[0]
        indented = [line for line in described.splitlines() if line.startswith(" ")]
        assert not indented, name


def test_the_program_s_page_has_the_exit_codes_and_the_commands(pages: dict[str, str]) -> None:
    page = pages["statuspro.1"]
    assert "\n  130  Ctrl\\-C\n" in page
    assert "\\fBstatuspro\\-demo\\fR(1)\nShow the library's main job" in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_takes_the_pages_without_a_warning(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        command = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"]
        shown = subprocess.run(command, input=page, capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, ""), name
