"""What `import statuspro` gives, and what it leaves alone."""

import subprocess
import sys

import pytest

import statuspro

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
argparse click django numpy orjson pandas platformdirs pytest redis rich sqlite3 tqdm unittest
statuspro.cli statuspro.contrib statuspro.cli.demo statuspro.sandbox statuspro.testing
""".split()


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


def test_import_leaves_alone_what_a_client_does_not_need() -> None:
    loaded = modules_after("import statuspro") - modules_after("pass")
    assert [name for name in LEFT_ALONE if name in loaded] == []


def test_import_needs_the_three_dependencies_only() -> None:
    before, after = modules_after("import requests"), modules_after("import statuspro")
    added = {name.partition(".")[0] for name in after - before}
    assert added - sys.stdlib_module_names <= {"statuspro", "dotenv"}


def test_import_takes_nothing_that_takes_long_and_only_some_need() -> None:
    before, after = modules_after("import requests"), modules_after("import statuspro")
    slow = {"concurrent.futures", "dataclasses", "html", "inspect", "netrc"}
    assert slow & (after - before) == set()


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
