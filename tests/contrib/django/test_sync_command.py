"""The command `statuspro_sync`: what it asks, what it tells, and how it ends."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from statuspro.sandbox import Sandbox
from tests.contrib.django.conftest import SETTINGS, Manage
from tests.support.paths import ROOT
from tests.support.polling import eventually
from tests.support.processes import Process
from tests.support.terminal import PATIENCE, environment, plain

ORDERS = 12


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop of the test's own: its orders come and go."""
    with Sandbox(orders=ORDERS, enforce_viable=False) as sandbox:
        yield sandbox


def sync(*arguments: str, **options: Any) -> tuple[str, str]:
    """What the command wrote to standard output and to standard error."""
    from django.core.management import call_command

    out, errors = io.StringIO(), io.StringIO()
    call_command("statuspro_sync", *arguments, stdout=out, stderr=errors, no_color=True, **options)
    return out.getvalue(), errors.getvalue()


def failure(*arguments: str) -> tuple[str, int]:
    """What the command said when it failed, and its exit status."""
    from django.core.management import CommandError

    with pytest.raises(CommandError) as caught:
        sync(*arguments)
    return str(caught.value), caught.value.returncode


def queries(sandbox: Sandbox) -> list[dict[str, list[str]]]:
    """The queries of the lists that were asked for."""
    return [record.query for record in sandbox.requests if record.path.endswith("/orders")]


pytestmark = pytest.mark.usefixtures("database", "of_sandbox")


# What it tells


def test_it_says_how_much_has_changed_and_nothing_of_customers(sandbox: Sandbox) -> None:
    from statuspro.contrib.django.models import Order

    assert sync() == (f"{ORDERS} new; {ORDERS} orders.\n", "")
    assert Order.objects.count() == ORDERS
    assert sync() == (f"No changes; {ORDERS} orders.\n", "")
    first, second, *_ = sandbox._store._ids
    sandbox.set_status(first, "st000004")
    sandbox.remove_order(second)
    sandbox.add_order()
    assert sync() == (f"1 new, 1 changed, 1 gone; {ORDERS} orders.\n", "")
    assert sync(verbosity=0) == ("", "")


def test_a_log_gets_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    from statuspro.contrib.django.management import progress

    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.0)
    _, errors = sync()
    lines = errors.splitlines()
    assert re.fullmatch(rf"0 of {ORDERS} orders in step, \d requests?", lines[0])
    assert re.fullmatch(rf"{ORDERS - 1} of {ORDERS} orders in step, \d+ requests", lines[-1])


def test_a_log_gets_the_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from statuspro.contrib.django.management import progress

    out = io.StringIO()
    told: Any = progress.Progress(_wrapped(out))
    told.begin(SimpleNamespace(done=0, total=None))
    told.wait(12.3, "rate limit")
    assert out.getvalue() == ""
    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.0)
    told.wait(12.3, "rate limit")
    assert out.getvalue() == "Nothing read yet, waiting 12 s: rate limit\n"


def _wrapped(out: io.StringIO) -> Any:
    from django.core.management.base import OutputWrapper

    return OutputWrapper(out)


# What it asks


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["--search", "ann"], {"search": ["ann"]}),
        (["--status", "st000002"], {"status_code": ["st000002"]}),
        (["--status", "in  PRODUCTION"], {"status_code": ["st000002"]}),
        (["--tag", "a", "--tag", "b"], {"tags[]": ["a", "b"]}),
        (["--any-tag", "a"], {"tags_any[]": ["a"]}),
        (["--financial", "PAID"], {"financial_status[]": ["paid"]}),
        (["--fulfillment", "partial"], {"fulfillment_status[]": ["partial"]}),
        (["--due-from", "2026-02-10"], {"due_date_from": ["2026-02-10"]}),
        (["--due-to", "2026-02-10"], {"due_date_to": ["2026-02-10"]}),
        (["--exclude-cancelled"], {"exclude_cancelled": ["true"]}),
        ([], {}),
    ],
)
def test_filters(sandbox: Sandbox, arguments: list[str], query: dict[str, list[str]]) -> None:
    sync(*arguments)
    for asked in queries(sandbox):
        assert {name: asked[name] for name in asked if name not in ("page", "per_page")} == query


def test_without_histories_no_order_is_asked_for_alone(sandbox: Sandbox) -> None:
    sync("--no-history")
    assert not [record for record in sandbox.requests if re.search(r"/orders/\d", record.path)]


@pytest.mark.parametrize(
    ("limit", "arguments", "reserve"),
    [(60, [], 20), (None, [], 0), (60, ["--reserve", "5"], 5), (2, [], 0)],
)
def test_a_part_of_the_budget_is_left_to_the_pages(
    of_sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
    arguments: list[str],
    reserve: int,
) -> None:
    from django.test import override_settings

    from statuspro import RateLimit
    from statuspro.contrib.django.mirror import DatabaseMirror

    clients: list[Any] = []

    def note(self: Any, client: Any, **_: Any) -> Any:
        clients.append(client)
        raise KeyboardInterrupt

    monkeypatch.setattr(DatabaseMirror, "sync", note)
    pacing = None if limit is None else RateLimit(requests=limit, bulk=1)
    # A deadline and a limit of waits are for pages: a sync has time.
    given = {**of_sandbox, "RATE_LIMIT": pacing, "DEADLINE": 5, "MAX_WAIT": 1}
    with override_settings(STATUSPRO=given), pytest.raises(KeyboardInterrupt):
        sync(*arguments)
    (client,) = clients
    assert client.rate_limit_reserve == reserve
    assert (client._settings.deadline, client._settings.max_wait) == (None, 120.0)


# How it fails


def test_a_second_sync_is_refused(sandbox: Sandbox) -> None:
    from statuspro.contrib.django.locks import alone

    with alone("default"):
        said, status = failure()
    assert status == 1
    assert said == (
        "Another sync of the database 'default' is under way: wait until it has ended. "
        "(docs: errors.html#mirror-error)"
    )


@pytest.mark.parametrize(("answer", "status"), [(401, 5), (403, 5), (429, 3), (422, 1), (400, 1)])
def test_the_exit_status_says_what_kind_of_failure_it_was(
    sandbox: Sandbox, of_sandbox: Any, answer: int, status: int
) -> None:
    from django.test import override_settings

    sandbox.fail(answer, 99)
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        said, given = failure()
    assert given == status
    assert str(answer) in said


def test_without_a_key(sandbox: Sandbox) -> None:
    from django.test import override_settings

    with override_settings(STATUSPRO={}):
        said, status = failure()
    assert (status, said[:11]) == (5, "No API key.")


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["--status", "in productoin"], "Did you mean In Production (st000002)?", 2),
        (["--reserve", "60"], "rate_limit_reserve must be at most 59", 2),
        (["--search", " "], "search must not be blank", 2),
        (["--reserve", "-1"], "must be a whole number, 0 or more", 1),
        (["--watch", "0"], "must be a whole number, 1 or more", 1),
        (["--due-from", "soon"], "must be a day such as 2026-02-10", 1),
        (["--financial", "rich"], "invalid choice: 'rich'", 1),
        (["--database", "other"], "invalid choice: 'other'", 1),
    ],
)
def test_wrong_arguments(
    sandbox: Sandbox, of_sandbox: Any, arguments: list[str], words: str, status: int
) -> None:
    from django.test import override_settings

    from statuspro import RateLimit

    with override_settings(STATUSPRO={**of_sandbox, "RATE_LIMIT": RateLimit()}):
        said, given = failure(*arguments)
    assert words in said
    assert given == status  # 1 for what the parser refuses: from the shell that is 2
    assert not queries(sandbox)


def test_a_database_without_tables_is_told_of_migrate(manage: Manage, sandbox: Sandbox) -> None:
    settings = {"STATUSPRO_API_KEY": sandbox.api_key, "STATUSPRO_BASE_URL": sandbox.base_url}
    ran = manage("statuspro_sync", **settings)
    assert ran.returncode == 1
    assert re.search(r"no such table: statuspro_\w+. Run `manage.py migrate`.\n$", ran.stderr)
    assert "Traceback" not in ran.stderr


def test_a_customer_s_data_in_an_error_of_the_database_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import IntegrityError

    from statuspro.contrib.django.storage import ORMStorage

    def fail(*_: Any) -> None:
        raise IntegrityError("DETAIL: Failing row contains (ann@shop.test)")

    monkeypatch.setattr(ORMStorage, "store", fail)
    assert failure() == ("The database failed (IntegrityError): it refused.", 1)


# Again and again


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens in each pause of --watch, none of which takes any time; then Ctrl-C."""
    left: list[Callable[[], object]] = []

    def pause(seconds: float) -> None:
        assert seconds == 15 * 60
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    module = "statuspro.contrib.django.management.commands.statuspro_sync"
    monkeypatch.setattr(f"{module}.time.sleep", pause)
    return left


def watch(pauses: list[Callable[[], object]], *more: Callable[[], object]) -> tuple[list[str], str]:
    from django.core.management import call_command

    out, errors = io.StringIO(), io.StringIO()
    pauses.extend(more)
    with pytest.raises(KeyboardInterrupt):
        call_command("statuspro_sync", watch=15, stdout=out, stderr=errors, no_color=True)
    assert not pauses
    return [re.sub(r"^[-\d]+ [:\d]+: ", "", line) for line in out.getvalue().splitlines()], (
        errors.getvalue()
    )


def test_watching_tells_of_changes_only(
    sandbox: Sandbox, pauses: list[Callable[[], object]]
) -> None:
    told, errors = watch(pauses, lambda: None, lambda: sandbox.add_order())
    assert told == [f"{ORDERS} new; {ORDERS} orders.", f"1 new; {ORDERS + 1} orders."]
    assert errors == ""


def test_watching_goes_on_where_the_service_or_the_database_is_down(
    sandbox: Sandbox, pauses: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from statuspro.contrib.django.storage import ORMStorage

    known = ORMStorage.known

    def lock(*_: Any) -> None:
        monkeypatch.setattr(ORMStorage, "known", known)
        raise OperationalError("database is locked")

    told, errors = watch(
        pauses,
        lambda: sandbox.fail(450),
        lambda: monkeypatch.setattr(ORMStorage, "known", lock),
        lambda: sandbox.add_order(),
    )
    assert told == [f"{ORDERS} new; {ORDERS} orders.", f"1 new; {ORDERS + 1} orders."]
    first, second = errors.splitlines()
    assert re.search(r"^[-\d]{10} [:\d]{5}: .*450.* The next try is in 15 minutes\.$", first)
    assert "The database failed (OperationalError): database is locked. The next" in second


def test_watching_ends_where_the_key_is_refused(
    sandbox: Sandbox, pauses: list[Callable[[], object]]
) -> None:
    from django.core.management import CommandError, call_command

    pauses.append(lambda: sandbox.fail(401))
    with pytest.raises(CommandError, match="401"):
        call_command("statuspro_sync", watch=15, stdout=io.StringIO(), stderr=io.StringIO())


def test_watching_does_not_begin_beside_another_sync(pauses: list[Callable[[], object]]) -> None:
    from statuspro.contrib.django.locks import alone

    with alone("default"):
        assert failure("--watch", "15")[0].startswith("Another sync")


# In processes of its own


class Shop:
    """A project in a folder, whose service takes its time.

    Args:
        folder: of the database.
        sandbox: the service.
        database: the setting of the database, where it is no file in the folder.
    """

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.environment = environment(
            {
                "DJANGO_SETTINGS_MODULE": SETTINGS,
                "PYTHONPATH": str(ROOT),
                "SHOP_DATABASE": str(folder / "db.sqlite3"),
                "STATUSPRO_API_KEY": sandbox.api_key,
                "STATUSPRO_BASE_URL": sandbox.base_url,
                "STATUSPRO_RATE_LIMIT": "none",
                "TERM": "xterm",
            }
        )
        subprocess.run(self.command("migrate", "-v0"), env=self.environment, check=True)

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "django", *arguments]


@pytest.fixture
def shop(tmp_path: Path, sandbox: Sandbox) -> Shop:
    return Shop(tmp_path, sandbox)


def test_on_a_terminal_one_line_tells_how_far_it_is_and_ctrl_c_ends_it(
    shop: Shop, sandbox: Sandbox
) -> None:
    import pexpect

    sandbox.slow(0.15, path="/orders/*")
    command = shop.command("statuspro_sync")
    settings = {**shop.environment, "STATUSPRO_RATE_LIMIT": "9/1/60"}
    terminal = pexpect.spawn(
        command[0],
        command[1:],
        env=settings,
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(24, 78),
    )
    terminal.expect(rf"\r\x1b\[2K\d of {ORDERS} orders in step, \d requests\r")
    terminal.expect(r" · waiting until [:\d]{8}: rate limit: 9 ")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.signalstatus == signal.SIGINT
    shown = str(terminal.before)
    *_, last = plain(shown).splitlines()
    assert last.endswith("Stopped. What was stored is kept, and the next sync goes on from it.")
    assert "Traceback" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals here")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_the_next_sync_goes_on(
    shop: Shop, sandbox: Sandbox, sign: signal.Signals
) -> None:
    sandbox.slow(20, path="/orders/*")
    with Process[str](
        shop.command("statuspro_sync", "--watch", "5"),
        env=shop.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert eventually(lambda: len(sandbox.requests) == 3, PATIENCE)
        process.send_signal(sign)
        _, errors = process.communicate(timeout=PATIENCE / 3)
    assert process.returncode == -sign
    assert errors == "Stopped. What was stored is kept, and the next sync goes on from it.\n"
    sandbox.clear_faults()
    ran = subprocess.run(
        shop.command("statuspro_sync"), env=shop.environment, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{ORDERS} new; {ORDERS} orders.\n"
    assert os.path.exists(shop.folder / "db.sqlite3-statuspro-lock")
