"""The notebooks of the documentation run against their sandbox, and say what their prose says."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from tests.support.paths import ROOT

nbformat = pytest.importorskip("nbformat")

EXAMPLES = ROOT / "docs" / "examples"
NAMES = ["morning", "moving_a_batch"]

#: What a bar writes: it takes its line again and again.
BAR = re.compile(r"\r(?:In step|Orders|Histories): [^\r\n]*|\n")


def test_each_notebook_has_its_tests() -> None:
    assert [path.stem for path in sorted(EXAMPLES.glob("*.ipynb"))] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_without_outputs(name: str) -> None:
    stored = json.loads(EXAMPLES.joinpath(f"{name}.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(stored)
    assert stored["metadata"] == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    for cell in stored["cells"]:
        words = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
        assert cell["metadata"] in ({}, {"mystnb": {"image": {"alt": words}}})  # of its picture
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_writes_to_no_shop_and_mails_nobody_before_its_reader_says_which(
    name: str,
) -> None:
    code = "\n".join(code_of(name))
    assert "client = sandbox.client()" in code
    assert re.findall(r"^[^#\n]*StatusProClient\(", code, re.M) == []
    writes = re.findall(r"client\.(?!get_|list_|iter_orders|bulk_outcome)\w+\([^)]*\)", code)
    assert [call for call in writes if "notify=False" not in call] == []


# --- as a reader runs them


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to run in, without settings of Jupyter and IPython."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return tmp_path


def run(name: str, folder: Path) -> list[Any]:
    """Runs a notebook in a kernel of its own, and returns its cells of code."""
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    # Over TCP another test's kernel could get the same ports. The path of a socket has to be short.
    with tempfile.TemporaryDirectory() as sockets:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        nbclient.NotebookClient(notebook, config=config, timeout=60).execute(cwd=str(folder))
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Any) -> str:
    return "".join(each.text for each in cell.outputs if each.get("name") == "stdout")


def complaints(cells: list[Any]) -> str:
    """What the cells have written to standard error, but for the bars."""
    streams = [each for cell in cells for each in cell.outputs if each.get("name") == "stderr"]
    return BAR.sub("", "".join(each.text for each in streams))


def with_pictures(cells: list[Any]) -> list[str]:
    """The plots of the cells that show a picture."""
    return [
        re.findall(r"plot_\w+", cell.source)[-1]
        for cell in cells
        if any("image/png" in each.get("data", {}) for each in cell.outputs)
    ]


def sheets(cells: list[Any]) -> list[str]:
    """The grounds that a notebook is asked to put behind a picture, on any page."""
    metadata = [each.get("metadata", {}) for cell in cells for each in cell.outputs]
    return [each["needs_background"] for each in metadata if "needs_background" in each]


def shown(cell: Any) -> str:
    """The markup that a cell shows."""
    return "".join(each.get("data", {}).get("text/html", "") for each in cell.outputs)


def test_the_morning_runs(home: Path) -> None:
    cells = run("morning", home)
    assert complaints(cells) == ""
    assert with_pictures(cells) == ["plot_by_status", "plot_due", "plot_age", "plot_flow"]
    assert sheets(cells) == []
    assert [text for text in map(printed, cells) if text] == [
        "250 orders, 254 requests\n",
        "0 requests\n",
        "7 requests\n",
    ]
    rows = [shown(cell).count("<td>#") for cell in cells if "dataframe" in shown(cell)]
    assert rows == [5, 5, 8, 4]
    assert sum('class="statuspro' in shown(cell) for cell in cells) == 1


def test_moving_a_batch_runs(home: Path) -> None:
    cells = run("moving_a_batch", home)
    assert complaints(cells) == ""
    assert with_pictures(cells) == ["plot_age"]
    chosen, moved, outcome, mails = (text for text in map(printed, cells) if text)
    size = int(chosen.split()[0])
    assert 50 < size < 100
    assert moved == f"50 of {size} accepted\n{size} of {size} accepted\n"
    assert outcome == f"{size} applied, 0 not applied\n"
    assert mails == "0 mails\n"
    assert sum('class="statuspro' in shown(cell) for cell in cells) == 3


# --- what they ask of the service


def code_of(name: str) -> list[str]:
    stored = json.loads(EXAMPLES.joinpath(f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(each["source"]) for each in stored["cells"] if each["cell_type"] == "code"]


@pytest.fixture
def played(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """What a notebook's names mean at its end, and the requests of each of its cells."""
    names: dict[str, Any] = {}
    spent = []
    before = 0
    try:
        for code in code_of(request.param):
            exec(compile(code, request.param, "exec"), names)
            after = len(names["sandbox"].requests) if "sandbox" in names else 0
            spent.append(after - before)
            before = after
        yield names, spent
    finally:
        if "mirror" in names:
            names["mirror"].close()
        names["client"].close()
        names["sandbox"].stop()
        names["folder"].cleanup()
        pytest.importorskip("matplotlib.pyplot").close("all")


@pytest.mark.parametrize("played", ["morning"], indirect=True)
def test_the_morning_asks_the_service_in_its_syncs_alone(
    played: tuple[dict[str, Any], list[int]],
) -> None:
    _, spent = played
    asking = {code: count for code, count in zip(code_of("morning"), spent, strict=True) if count}
    assert ["sync(mirror, client)" in code for code in asking] == [True, True]
    assert list(asking.values()) == [254, 7]


@pytest.mark.parametrize("played", ["moving_a_batch"], indirect=True)
def test_moving_a_batch_moves_what_was_chosen_and_nothing_else(
    played: tuple[dict[str, Any], list[int]],
) -> None:
    names, _ = played
    sandbox, batch = names["sandbox"], names["batch"]
    assert sorted(write.order_id for write in sandbox.applied) == sorted(batch.index)
    assert {sandbox.order(int(each))["status"]["code"] for each in batch.index} == {"st000004"}
    assert {write.kind for write in sandbox.applied} == {"bulk-status"}
    assert sandbox.mails == []


@pytest.mark.parametrize("played", ["moving_a_batch"], indirect=True)
def test_moving_a_batch_moves_nothing_when_its_cell_is_run_again(
    played: tuple[dict[str, Any], list[int]],
) -> None:
    names, _ = played
    (move,) = (code for code in code_of("moving_a_batch") if "iter_bulk" in code)
    names["sandbox"].requests.clear()
    exec(compile(move, "moving_a_batch", "exec"), names)
    assert names["sandbox"].requests == []
