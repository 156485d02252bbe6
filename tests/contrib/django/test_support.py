"""The programs that other tests stand on: what they find, and that they leave nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver

from tests.support import browser as chromium
from tests.support import postgres as postgresql
from tests.support.axe import axe
from tests.support.paths import ROOT
from tests.support.polling import eventually

_KILLED = """
import os, signal
from tests.support.postgres import cluster

with cluster() as started:
    print(started.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""

_FAULTY = "data:text/html,<html lang=en><title>A</title><main><h1>A</h1><input></main>"


def test_a_cluster_has_databases_and_listens_on_its_socket_alone(
    postgres: postgresql.Cluster,
) -> None:
    given = postgres.database_settings("shop")
    assert postgres.database_settings("shop") == given
    with postgres.connect("shop") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT current_database()").fetchone() == ("shop",)


def test_a_cluster_ends_with_the_process_that_made_it() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _KILLED], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert eventually(lambda: not os.path.exists(run.stdout.strip()), seconds=20)


def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql, "_DEBIAN", tmp_path)
    with pytest.raises(postgresql.MissingError, match="apt-get install postgresql"):
        postgresql.cluster().__enter__()
    with pytest.raises(chromium.MissingError, match="apt-get install chromium-driver"):
        chromium.chromium().__enter__()


def test_the_browser_sees_a_phone_s_width_and_axe_a_fault(browser: WebDriver) -> None:
    browser.get(_FAULTY)
    chromium.resize(browser, chromium.PHONE)
    assert chromium.overflow(browser) == 0
    assert [fault.partition(":")[0] for fault in axe(browser)] == ["label"]
    chromium.resize(browser, (100, 100))
    assert chromium.overflow(browser) > 0
    chromium.prefer(browser, "dark")
    asked = "return matchMedia('(prefers-color-scheme: dark)').matches"
    assert browser.execute_script(asked) is True
    chromium.prefer(browser, "light")
    assert browser.execute_script(asked) is False


def test_the_guide_names_the_packages_that_the_checks_install() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (pairs,) = re.findall(r"^debian=\((.*)\)$", script, re.M)
    guide = (ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8")
    (packages,) = re.findall(r"apt-get install (.+)", guide)
    assert packages.split() == [pair.partition(":")[2] for pair in pairs.split()]
