"""What `import statuspro` gives, and what it leaves alone."""

import ast
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

import statuspro
from statuspro.api import orders
from tests.support.imports import modules_after

PUBLIC = """
Client AuthenticatedClient StatusProClient
list_orders iter_orders iter_order_pages get_order lookup_order find_order
get_viable_statuses
update_order_status add_order_comment set_order_due_date bulk_update_order_status get_statuses
bulk_outcome iter_bulk_update_order_status
paginate due_days parse_moment hex_color public_timeline
unwrap unwrap_as unwrap_data handle_response get_error_message is_success is_error
StatusProError ConfigurationError APIError AuthenticationError PermissionDeniedError NotFoundError
ValidationError RateLimitError ServerError RedirectError InvalidResponseError
APIConnectionError APITimeoutError TruncatedListWarning
""".split()

# What nobody pays for who only wants a client.
LEFT_ALONE = """
argparse click django matplotlib numpy orjson pandas platformdirs pytest redis rich sqlite3 tqdm
unittest
statuspro.cli statuspro.contrib statuspro.cli.demo statuspro.sandbox statuspro.testing
""".split()


#: Each public name is imported when it is asked for.
EVERYTHING = "from statuspro import *"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_exported(name: str) -> None:
    assert hasattr(statuspro, name)
    assert name in statuspro.__all__


def test_everything_exported_exists_once() -> None:
    assert [name for name in statuspro.__all__ if not hasattr(statuspro, name)] == []
    assert len(set(statuspro.__all__)) == len(statuspro.__all__)


def test_endpoint_functions_are_the_methods_of_the_client() -> None:
    for name in (name for name in PUBLIC if name.startswith(("list_", "iter_", "get_order"))):
        assert getattr(statuspro.StatusProClient, name) is getattr(statuspro, name)


def test_public_names_leave_alone_what_a_client_does_not_need() -> None:
    loaded = modules_after(EVERYTHING) - modules_after("pass")
    assert [name for name in LEFT_ALONE if name in loaded] == []


def test_import_itself_takes_none_of_the_rooms() -> None:
    added = modules_after("import statuspro") - modules_after("import typing")
    assert added == {"statuspro", "statuspro._version"}


@pytest.mark.parametrize("module", ["errors", "pacing", "api.statuses", "_http.transport"])
def test_a_module_takes_what_it_needs_and_not_the_client(module: str) -> None:
    assert "statuspro.client" not in modules_after(f"import statuspro.{module}")


def test_public_names_need_the_three_dependencies_only() -> None:
    before, after = modules_after("import requests"), modules_after(EVERYTHING)
    added = {name.partition(".")[0] for name in after - before}
    assert added - sys.stdlib_module_names <= {"statuspro", "dotenv"}


def test_public_names_take_nothing_that_takes_long_and_only_some_need() -> None:
    before, after = modules_after("import requests"), modules_after(EVERYTHING)
    slow = {"concurrent.futures", "dataclasses", "html", "inspect", "netrc"}
    assert slow & (after - before) == set()


def imported_for_type_checkers() -> dict[str, str]:
    """The module of each name that the package imports where only type checkers read."""
    tree = ast.parse(Path(statuspro.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and node.body[0].lineno < 60)
    return {
        name.asname or name.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_the_lists_of_public_names_agree() -> None:
    table = {name: f"statuspro.{module}" for name, module in statuspro._MODULES.items()}
    assert imported_for_type_checkers() == table
    assert set(table) | {"__version__"} == set(statuspro.__all__)


def test_a_room_is_an_attribute_without_an_import_of_its_own() -> None:
    code = "; ".join(f"statuspro.{room}" for room in statuspro._ROOMS)
    modules_after(f"import statuspro; {code}")
    package = Path(statuspro.__file__).parent
    for room in statuspro._ROOMS:
        assert (package / room).is_dir() or (package / f"{room}.py").is_file()


def test_introspection_sees_every_public_name() -> None:
    members = dict(inspect.getmembers(statuspro))
    assert set(statuspro.__all__) <= set(members)
    assert members["get_order"] is orders.get_order
    shown = pydoc.plain(pydoc.render_doc(statuspro))
    assert "class StatusProClient(" in shown
    assert "get_order(client" in shown


def test_a_name_can_be_patched_before_it_was_asked_for() -> None:
    if "get_order" in vars(statuspro):
        del statuspro.get_order
    with mock.patch("statuspro.get_order") as patched:
        assert statuspro.get_order is patched
    assert statuspro.get_order is orders.get_order


def test_threads_that_ask_at_once_get_the_same() -> None:
    code = """
import statuspro, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
sys.setswitchinterval(1e-5)
barrier = Barrier(8)
def ask(name):
    barrier.wait()
    return getattr(statuspro, name)
names = ["StatusProClient", "get_order", "ServerError", "RateLimit"] * 2
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(ask, names))
assert found[:4] == found[4:], found
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
