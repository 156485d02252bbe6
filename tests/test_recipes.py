"""The programs of the page of recipes run as they stand; those of tracers are in `company`."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from statuspro import TruncatedListWarning
from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import IN_PRODUCTION, SHIPPED
from tests.support import recipes
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.postgres import Cluster
from tests.support.postgres import postgres as postgres
from tests.support.proxies import Proxy
from tests.support.terminal import COMMAND

if TYPE_CHECKING:  # pytest itself imports plugins
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]

#: Seconds until a process is given up. The machine may be busy.
PATIENCE = 60.0

#: Where a recipe stands that needs what only the session `company` of nox installs.
IN_COMPANY = {"tracing.py", "reporting.py"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shop(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The sandbox that each program asks, unpaced. A test takes out the changes that it wants."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield sandbox
    assert (sandbox.applied, sandbox.mails) == ([], []), "a recipe says what it changes"


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is killed at the end."""
    with Path("log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **environment}
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def told() -> str:
    return Path("log").read_text(encoding="utf-8", errors="replace")


def test_every_recipe_is_tested() -> None:
    with_tests = {"orders_to_postgres.py", "shop_tasks.py", "nightly.py", "behind_a_proxy.py"}
    assert set(recipes.recipes()) == with_tests | IN_COMPANY


def test_a_sync_to_postgresql_that_is_killed_goes_on(
    shop: Sandbox, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.database_settings("recipe")  # makes it
    Path("sync.py").write_text(recipes.recipes()["orders_to_postgres.py"], encoding="utf-8")
    orders = shop.client().list_orders()["data"]
    shop.requests.clear()
    with postgres.connect("recipe") as database:
        monkeypatch.setenv("DATABASE_URL", database.info.dsn)

        def count() -> int:
            (known,) = database.execute("SELECT to_regclass('orders')").fetchone()
            return database.execute("SELECT count(*) FROM orders").fetchone()[0] if known else 0

        # 10 requests are the job's, then it waits for most of a minute: it is killed in that wait.
        with running(sys.executable, "sync.py", STATUSPRO_RATE_LIMIT="30/5/60"):
            assert eventually(lambda: count() > 3, PATIENCE), told()
        assert count() < len(orders)
        with running(sys.executable, "sync.py") as again:
            assert again.wait(PATIENCE) == 0, told()
        rows = database.execute("SELECT id, name, status_code, is_gone FROM orders").fetchall()
    assert sorted(rows) == sorted(
        (order["id"], order["name"], order["status"].get("code"), False) for order in orders
    )
    details = [each.path for each in shop.requests if each.path.rpartition("/")[2].isdecimal()]
    assert len(details) - len(set(details)) <= 1, "only the one under way is fetched twice"


def test_a_task_of_celery_comes_back_when_the_service_allows(
    shop: Sandbox, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    Path("shop_tasks.py").write_text(recipes.recipes()["shop_tasks.py"], encoding="utf-8")
    order_id = shop.add_order(status_code=IN_PRODUCTION)
    shop.fail(429, method="POST", retry_after=2)
    worker = [sys.executable, "-m", *shlex.split(recipes.command("celery"))]
    subprocess.run(
        [*worker[:-1], "call", "shop_tasks.move_order", "--args", f'[{order_id}, "{SHIPPED}"]'],
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    with running(*worker, "--pool", "solo", "--without-mingle", "--without-gossip"):
        assert eventually(lambda: len(shop.applied) > 0, PATIENCE), told()
    refused, taken = (each for each in shop.requests if each.method == "POST")
    assert refused.path == taken.path == f"/api/v1/orders/{order_id}/status"
    assert taken.time - refused.time >= 2.0
    assert [write.order_id for write in shop.applied] == [order_id]
    shop.applied.clear()


def test_a_night_writes_a_csv(shop: Sandbox) -> None:
    shop.add_order(status_code=IN_PRODUCTION, name="=1+1", due_date="2026-03-15", due_date_to=None)
    recipes.run("nightly.py")
    with Path("orders.csv").open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["id", "order", "customer", "status", "due"]
    assert rows[0][2:] == ["'=1+1", "In Production", "2026-03-15"]
    assert len(rows) == shop.client().list_orders(exclude_cancelled=True)["meta"]["total"]
    assert not Path("orders.part").exists()


def test_a_night_whose_list_is_cut_short_leaves_yesterdays_csv(shop: Sandbox) -> None:
    Path("orders.csv").write_text("yesterday's\n")
    with pytest.raises(TruncatedListWarning):
        recipes.run("nightly.py", ("exclude_cancelled=True", "per_page=5, max_pages=1"))
    assert Path("orders.csv").read_text() == "yesterday's\n"


def test_the_command_of_a_night_that_fails_leaves_yesterdays_csv(shop: Sandbox) -> None:
    Path("orders.csv").write_text("yesterday's\n")
    program = recipes.command("statuspro").replace("statuspro", shlex.join(COMMAND), 1)
    shop.fail(401)
    done = subprocess.run(["bash", "-c", program], capture_output=True, timeout=PATIENCE)
    assert done.returncode != 0
    assert Path("orders.csv").read_text() == "yesterday's\n"


def test_a_program_goes_out_through_a_proxy(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv("COMPANY_PROXY", f"http://127.0.0.1:{proxy.port}")
        recipes.run("behind_a_proxy.py")
    assert proxy.lines == [f"GET {shop.base_url}/statuses HTTP/1.1"]
    assert capsys.readouterr().out.endswith(" statuses\n")
