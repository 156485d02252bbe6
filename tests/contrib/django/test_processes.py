"""Processes of a project: `manage.py` without a key, the command, gunicorn's forked workers."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from statuspro.sandbox import Sandbox
from tests.contrib.django.conftest import SETTINGS, Manage
from tests.support.paths import ROOT


def test_check_and_migrate_run_without_a_key(manage: Manage) -> None:
    check = manage("check")
    assert check.returncode == 0
    assert re.findall(r"\(statuspro\.(\w+)\)", check.stderr) == ["W001", "W002", "W005"]
    migrated = manage("migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr


def test_the_command_without_a_key_says_so_and_fails(manage: Manage) -> None:
    run = manage("statuspro_check", "--connect")
    assert run.returncode == 1
    assert "CommandError: No API key." in run.stderr
    assert "Traceback" not in run.stderr


def test_a_shop_s_tests_run_without_a_key_each_with_its_sandbox(manage: Manage) -> None:
    run = manage("test", "tests.contrib.django.project", "--parallel", "1")
    assert run.returncode == 0, run.stderr
    assert "Ran 2 tests" in run.stderr
    assert "W002" not in run.stderr + run.stdout
    assert "W004" not in run.stderr + run.stdout


def test_workers_that_are_forked_from_a_preloaded_client(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each worker shows the orders that it was asked for, on connections of its own."""
    pytest.importorskip("gunicorn")
    ids = [sandbox.add_order() for _ in range(30)]
    names = dict(zip(ids, (sandbox_name(sandbox, order_id) for order_id in ids), strict=True))
    sandbox.requests.clear()
    settings = {
        "STATUSPRO_BASE_URL": sandbox.base_url,
        "STATUSPRO_API_KEY": sandbox.api_key,
        "STATUSPRO_RATE_LIMIT_STORAGE": f"sqlite:///{tmp_path / 'budget.sqlite3'}",
        "STATUSPRO_RATE_LIMIT": "60/5/60",
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "SHOP_LOADED": str(tmp_path),
    }
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        command = [sys.executable, "-m", "gunicorn", "tests.contrib.django.project.wsgi"]
        # A worker that is told to end while it starts misses that, and is killed after this time.
        command += ["--graceful-timeout", "5"]
        command += ["--preload", "--workers", "2", "--log-level", "warning"]
        process = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}"],
            pass_fds=[listener.fileno()],
            cwd=ROOT,
            env={**os.environ, **settings},
        )
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"

            def visit(order_id: int) -> dict[str, object]:
                page: dict[str, object] = requests.get(
                    f"{url}/orders/{order_id}", timeout=30
                ).json()
                return page

            with ThreadPoolExecutor(4) as pool:
                pages = list(pool.map(visit, ids))
            loaded = [path.name for path in tmp_path.iterdir() if path.name.isdigit()]
            assert loaded == [str(process.pid)], "the client was made before the workers"
        finally:
            process.terminate()
            process.wait(30)
    assert [page["name"] for page in pages] == [names[order_id] for order_id in ids]
    workers = {page["worker"] for page in pages}
    assert process.pid not in workers
    assert len(sandbox.requests) == 31
    assert sandbox.accepted >= 1 + len(workers)


def sandbox_name(sandbox: Sandbox, order_id: int) -> str:
    with sandbox.client() as client:
        return client.get_order(order_id)["name"]
