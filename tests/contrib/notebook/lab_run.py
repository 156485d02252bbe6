"""Runs the example notebooks in JupyterLab, in a Chromium without a window, to be looked at.

    python -m tests.contrib.notebook.lab_run FOLDER

Writes a picture of each notebook into FOLDER, in JupyterLab's light theme and in its dark one.
Needs ``statuspro[notebook]``, jupyterlab, pytest and selenium in the same environment.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.browser import chromium, resize
from tests.support.polling import eventually
from tests.support.processes import Process

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"

#: Seconds that a notebook, or JupyterLab's start, may take.
PATIENCE = 60.0

#: So high that JupyterLab shows the whole notebook: it draws only what is seen.
WINDOW = (1200, 5600)

_OPTIONS = (
    *("--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1"),
    *("--IdentityProvider.token=", "--expose-app-in-browser", "--LabApp.news_url="),
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)

#: Where the server says its URL.
_TOLD = "runtime/jpserver-*.json"

_COMMAND = "window.jupyterapp.commands.execute(arguments[0], arguments[1])"

#: Whether a theme is there, and the splash gone that covers the page meanwhile.
_THEMED = """
const splash = document.getElementById('jupyterlab-splash');
return document.body.dataset.jpThemeName === arguments[0] && !splash;
"""

#: How many cells of code there are, and how many of them have run.
_CELLS = """
const widget = window.jupyterapp && window.jupyterapp.shell.currentWidget;
const cells = widget && widget.content && widget.content.widgets;
if (!cells || !widget.sessionContext.isReady) return null;
const code = cells.filter(cell => cell.model.type === 'code');
return [code.length, code.filter(cell => cell.model.executionCount).length];
"""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Serves copies of the notebooks, and yields the URL; the home is the server's own."""
    for notebook in EXAMPLES.glob("*.ipynb"):
        shutil.copy(notebook, folder)
    command = [sys.executable, "-m", "jupyterlab", *_OPTIONS]
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "HOME": "home"}
    own = {name: str(folder / each) for name, each in folders.items()}
    with Process[bytes](command, cwd=folder, env={**os.environ, **own}) as server:
        try:
            # The file is there before it is written.
            _wait(lambda: any(each.stat().st_size for each in folder.glob(_TOLD)))
            (told,) = folder.glob(_TOLD)
            yield json.loads(told.read_text())["url"]
        finally:
            server.terminate()


def _wait(condition: Callable[[], bool]) -> None:
    if not eventually(condition, PATIENCE):
        raise TimeoutError("JupyterLab takes too long")


def photograph(driver: WebDriver, url: str, name: str, folder: Path) -> None:
    """Runs a notebook and writes its pictures."""
    driver.get(f"{url}lab/tree/{name}.ipynb?reset")
    _wait(lambda: _cells(driver) is not None)
    _execute(driver, "application:toggle-left-area")
    _execute(driver, "notebook:run-all-cells")
    _wait(lambda: len(set(_cells(driver))) == 1)
    for theme in ("light", "dark"):
        _dress(driver, f"JupyterLab {theme.title()}")
        driver.save_screenshot(str(folder / f"{name}-{theme}.png"))


def _dress(driver: WebDriver, theme: str) -> None:
    _execute(driver, "apputils:change-theme", theme=theme)
    _wait(lambda: bool(driver.execute_script(_THEMED, theme)))


def _cells(driver: WebDriver) -> Any:
    return driver.execute_script(_CELLS)


def _execute(driver: WebDriver, command: str, **arguments: str) -> None:
    driver.execute_script(_COMMAND, command, arguments)


def main(target: str) -> None:
    """Writes the pictures into the folder `target`."""
    pictures = Path(target).resolve()
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as url:
        for notebook in sorted(EXAMPLES.glob("*.ipynb")):
            with chromium() as driver:
                driver.set_script_timeout(PATIENCE)
                resize(driver, WINDOW)
                photograph(driver, url, notebook.stem, pictures)
    print(*sorted(pictures.glob("*.png")), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
