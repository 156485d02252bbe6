"""`statuspro list`, `view` and `viable`: what they ask for, and what they print of it."""

from __future__ import annotations

import csv
import functools
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from statuspro._flat import COLUMNS
from statuspro.cli.orders import ORDER_COLUMNS
from statuspro.cli.session import ShellClient
from statuspro.sandbox import Sandbox
from tests.support.polling import eventually
from tests.support.processes import Process
from tests.support.terminal import COMMAND, environment, invoke, on_terminal, plain, run


def names(*options: str) -> list[str]:
    """The names of the orders that `list` prints."""
    shown = invoke("list", "--fields", "name", *options)
    assert (shown.exit_code, shown.stderr) == (0, "")
    return shown.stdout.splitlines()


@pytest.fixture
def add(shop: Sandbox) -> Iterator[Callable[..., str]]:
    """Adds an order for the time of the test, and gives its name."""
    ids: list[int] = []

    def added(**fields: Any) -> str:
        ids.append(shop.add_order(**fields))
        return shop.order(ids[-1]).name

    yield added
    for order_id in ids:
        shop.remove_order(order_id)


def queries(shop: Sandbox) -> list[dict[str, list[str]]]:
    """The queries of the lists that were asked for."""
    return [dict(each.query) for each in shop.requests if each.path.endswith("/orders")]


# list: what is asked for


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        (("--status", "quality check"), {"status_code": "st000004"}),
        (("--status", "st000004"), {"status_code": "st000004"}),
        (("--search", "Zebedee Quux"), {"name": "Zebedee Quux"}),
        (("--tag", "pine", "--tag", "waxed"), {"tags": ("pine", "waxed", "x")}),
        (("--any-tag", "pine", "--any-tag", "waxed"), {"tags": ("waxed",)}),
        (("--financial", "voided", "--financial", "Refunded"), {"financial_status": "refunded"}),
        (("--fulfillment", "restocked"), {"fulfillment_status": "restocked"}),
        (("--due-from", "2031-01-05", "--due-to", "2031-01-05"), {"due_date": "2031-01-05"}),
    ],
    ids=lambda each: "" if isinstance(each, dict) else each[0],
)
def test_each_filter(
    options: tuple[str, ...], fields: dict[str, Any], add: Callable[..., str]
) -> None:
    others = {
        "name": "Other",
        "status_code": "st000001",
        "tags": ("oak",),
        "financial_status": "paid",
        "fulfillment_status": "fulfilled",
        "due_date": "2030-01-01",
    }
    left_out = add(**others)
    wanted = add(**{**others, **fields})
    found = names("--all", *options)
    assert wanted in found
    assert left_out not in found


def test_cancelled_orders_are_left_out_on_demand(shop: Sandbox) -> None:
    order_id = shop.add_order()
    name = shop.order(order_id).name
    shop.cancel_order(order_id)
    assert name in names("-n", "1")
    assert name not in names("--exclude-cancelled", "--all")


def test_orders_without_a_status(shop: Sandbox) -> None:
    with shop.client() as client:
        wanted = [order["name"] for order in client.iter_orders(has_status=False)]
    assert 2 < len(wanted) < 20
    assert names("--no-status") == wanted
    assert names("--no-status", "-n", "2") == wanted[:2]


@pytest.mark.parametrize(
    ("options", "per_page", "count"),
    [(("-n", "4"), "4", 4), ((), "30", 20), (("-n", "300"), "100", 20), (("--all",), "100", 20)],
)
def test_no_more_is_asked_for_than_is_shown(
    options: tuple[str, ...], per_page: str, count: int, sandbox_of_20: Sandbox
) -> None:
    assert len(names(*options)) == count
    assert [query["per_page"] for query in queries(sandbox_of_20)] == [[per_page]]


@pytest.fixture
def sandbox_of_20(monkeypatch: pytest.MonkeyPatch, shop: Sandbox) -> Iterator[Sandbox]:
    with Sandbox(orders=20) as small:
        monkeypatch.setenv("STATUSPRO_BASE_URL", small.base_url)
        monkeypatch.setenv("STATUSPRO_API_KEY", small.api_key)
        yield small


@pytest.fixture(scope="module")
def many() -> Iterator[Sandbox]:
    """A shop whose list has five pages."""
    with Sandbox(orders=430) as sandbox:
        yield sandbox


@pytest.fixture
def large(many: Sandbox, monkeypatch: pytest.MonkeyPatch, shop: Sandbox) -> Sandbox:
    monkeypatch.setenv("STATUSPRO_BASE_URL", many.base_url)
    monkeypatch.setenv("STATUSPRO_API_KEY", many.api_key)
    many.requests.clear()
    return many


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_reader_that_has_seen_enough_ends_the_walk_at_its_first_page(
    form: str, large: Sandbox
) -> None:
    with Process[bytes](
        [*COMMAND, "list", "--all", "-o", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({}),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0
    assert len(large.requests) == 1


def test_all_is_all_however_far_clients_go_by_default(
    large: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "statuspro.cli.session.ShellClient", functools.partial(ShellClient, max_pages=2)
    )
    shown = invoke("list", "--all", "--fields", "id")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert len(set(shown.stdout.split())) == 430
    assert len(large.requests) == 5


def test_a_list_that_may_not_be_complete_is_told_in_a_plain_line(shop: Sandbox) -> None:
    for number, total in ((1, 2), (2, 3)):  # orders without an id, on a list that moves
        meta = {"current_page": number, "last_page": 2, "per_page": 1, "total": total}
        page = {"data": [{"name": f"#{number}"}], "meta": meta}
        shop.fail(200, body=json.dumps(page), path="/orders")
    shown = run("list", "--all", "--fields", "name")
    assert shown.stdout == "#1\n#2\n"
    assert shown.stderr.startswith("Warning: ")
    assert "the list may not be complete" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_a_status_that_there_is_not_is_refused_with_the_near_ones(shop: Sandbox) -> None:
    shown = invoke("list", "--status", "in produktion")
    assert shown.exit_code == 2
    assert "Did you mean In Production (st000002)?" in shown.stderr
    assert not queries(shop)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--status", "shipped", "--no-status"), "--status and --no-status do not go together"),
        (("--all", "-n", "3"), "--limit and --all do not go together"),
        (("-n", "0"), "must be a whole number, 1 or more"),
        (("--due-from", "soon"), "must be a day such as"),
        (("--financial", "payed"), "'payed' is not one of 'paid', 'partially_paid'"),
        (("--search", " "), "search must not be blank"),
        (("--tag", ""), "each of tags must not be blank"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    options: tuple[str, ...], told: str, shop: Sandbox
) -> None:
    shown = invoke("list", *options)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert told in shown.stderr
    assert not shop.requests


# list: what is printed


def test_json_is_what_the_service_sent(shop: Sandbox) -> None:
    with shop.client() as client:
        wanted = list(client.iter_orders())
    assert json.loads(invoke("list", "--json").stdout) == wanted
    lines = invoke("list", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == wanted


def test_csv_is_flat_with_days(add: Callable[..., str]) -> None:
    name = add(name='"Żółć", 李', due_date="2026-03-15", due_date_to="2026-03-20")
    text = invoke("list", "-n", "1", "-o", "csv").stdout
    [row] = csv.DictReader(io.StringIO(text))
    assert list(row) == list(COLUMNS)
    assert (row["name"], row["customer_name"]) == (name, '"Żółć", 李')
    assert (row["due_date"], row["due_date_to"]) == ("2026-03-15", "2026-03-20")


def test_a_day_is_a_day_but_in_json(add: Callable[..., str]) -> None:
    add(due_date="2026-03-15")
    options = ("list", "-n", "1", "--fields", "due_date")
    assert invoke(*options).stdout == "2026-03-15\n"
    assert invoke(*options, "-o", "csv").stdout == "due_date\n2026-03-15\n"
    assert json.loads(invoke(*options, "--json").stdout) == [
        {"due_date": "2026-03-15T00:00:00+00:00"}
    ]


def test_csv_without_an_order_has_its_heading(shop: Sandbox) -> None:
    assert invoke("list", "--search", "nobody-at-all", "-o", "csv").stdout == (
        ",".join(COLUMNS) + "\n"
    )


def test_without_a_terminal_a_line_has_all_columns_uncut(add: Callable[..., str]) -> None:
    long = "Maximiliane von und zu Hohenlohe-Langenburg-Schillingsfürst, geborene Gräfin"
    name = add(name=long, status_code="st000002", due_date="2026-03-15", email="ann@lee.test")
    shown = run("list", "-n", "1")
    assert shown.stderr == ""
    cells = shown.stdout.rstrip("\n").split("\t")
    assert len(cells) == len(ORDER_COLUMNS)
    assert cells[:3] == [name, "In Production", "2026-03-15"]
    assert cells[4:] == [long, "ann@lee.test"]


@pytest.mark.parametrize(
    ("columns", "headings"),
    [
        (40, ["NAME", "STATUS", "DUE"]),
        (60, ["NAME", "STATUS", "DUE", "ID", "CUST"]),
        (80, ["NAME", "STATUS", "DUE", "ID", "CUSTOMER"]),
        (200, ["NAME", "STATUS", "DUE", "ID", "CUSTOMER", "EMAIL"]),
    ],
)
def test_a_table_fits_into_its_window(
    columns: int, headings: list[str], add: Callable[..., str]
) -> None:
    add(
        name="Żółć 李小龍 🎺🪑 und Söhne GmbH & Co", due_date="2031-03-15", due_date_to="2031-04-02"
    )
    shown, status = on_terminal("list", "-n", "12", columns=columns)
    assert status == 0
    heading, *rows = plain(shown).splitlines()[:-1]
    assert [word[:4] for word in heading.split()] == [word[:4] for word in headings]
    assert len(rows) == 12
    assert max(cell_len(row.rstrip()) for row in rows) <= columns
    assert "2031-03-15\u201304-02" in rows[0]
    is_cut = "und Söhne GmbH & Co" not in rows[0]
    assert is_cut is (columns < 100)


def test_a_terminal_is_told_how_many_there_are(shop: Sandbox) -> None:
    with shop.client() as client:
        total = client.list_orders(page=1)["meta"]["total"]
    assert f"\n3 of {total} orders; --all shows all." in plain(on_terminal("list", "-n", "3")[0])
    assert "shows all" not in on_terminal("list", "-n", str(total))[0]
    assert "3 orders; there may be more" in on_terminal("list", "-n", "3", "--no-status")[0]
    assert plain(on_terminal("list", "--search", "nobody-at-all")[0]) == (
        "There are no such orders.\n"
    )


def test_a_terminal_is_told_how_far_a_long_list_is_read(large: Sandbox) -> None:
    shown, status = on_terminal("list", "--all", "-o", "csv", columns=120)
    assert status == 0
    assert "100 of 430 orders read" in plain(shown)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours(environ: dict[str, str], add: Callable[..., str]) -> None:
    add(due_date="2020-01-01", due_date_to=None, status_code="st000002")
    shown, status = on_terminal("list", "-n", "1", columns=100, **environ)
    assert status == 0
    assert "\x1b[3" not in shown
    assert "● In Production" in shown
    assert "2020-01-01 !" in shown


def test_a_status_has_its_colour_and_a_past_date_is_red(add: Callable[..., str]) -> None:
    add(due_date="2020-01-01", due_date_to=None, status_code="st000002")
    shown, _ = on_terminal("list", "-n", "1", COLORTERM="truecolor")
    assert "\x1b[38;2;236;72;153m●" in shown
    assert "\x1b[31m2020-01-01 !" in shown


def test_an_encoding_without_dots_and_dashes(add: Callable[..., str]) -> None:
    add(name="Ann", status_code="st000002", due_date="2031-03-15", due_date_to="2031-03-16")
    shown, status = on_terminal("list", "-n", "1", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert status == 0
    row = plain(shown).splitlines()[1]
    assert "  * In Production  2031-03-15-03-16  " in row
    assert "?" not in row


def test_a_list_that_waits_can_be_ended(shop: Sandbox) -> None:
    shop.slow(30)
    with Process[bytes]([*COMMAND, "list"], env=environment({}), stderr=subprocess.PIPE) as one:
        assert eventually(lambda: bool(shop.requests), 30)
        one.send_signal(2)
        assert one.wait(timeout=30) == 130
        assert one.stderr is not None
        assert b"Traceback" not in one.stderr.read()


# view


@pytest.fixture
def order(shop: Sandbox, add: Callable[..., str]) -> str:
    """An order with a history: an internal comment, a move that was mailed, a public comment."""
    name = add(
        name="Ann Lee",
        email="ann@lee.test",
        status_code="st000002",
        due_date=str(date.today() + timedelta(days=2)),
        due_date_to=None,
    )
    with shop.client() as client:
        found = client.find_order(name)
        assert found is not None
        client.add_order_comment(found["id"], "Waits for the oak\nof Mr Meier")
        client.update_order_status(
            found["id"], "st000003", comment="On its way", public=True, notify=True
        )
    shop.requests.clear()
    return name


def detail(shop: Sandbox, name: str) -> Any:
    with shop.client() as client:
        found = client.find_order(name)
        assert found is not None
        return client.get_order(found["id"])


def test_view_shows_the_order_and_its_history(order: str, shop: Sandbox) -> None:
    shown, status = on_terminal("view", order)
    assert status == 0
    text = plain(shown)
    assert text.startswith(f"{order}  ● Shipped\n")
    assert "2 days" in text
    assert "Ann Lee" in text
    lines = [line.strip() for line in text.partition("History\n")[2].splitlines()]
    stripped = [line[18:] if line[:2] == "20" else line for line in lines]
    assert stripped[:3] == ["internal comment", "Waits for the oak", "of Mr Meier"]
    assert stripped[3:6] == ["● Shipped", "public comment", "On its way"]
    assert "mail to ann@lee.test: " in lines[6]
    assert "Can move to" not in text


def test_moments_are_in_the_time_zone_of_the_machine(order: str, shop: Sandbox) -> None:
    written = detail(shop, order)["history"][0]["created_at"]
    assert written.endswith("+00:00")
    hours = {int(plain(on_terminal("view", order, TZ=zone)[0]).partition("History\n")[2][11:13])
             for zone in ("UTC", "Asia/Tokyo")}  # fmt: skip
    assert int(written[11:13]) in hours
    assert (int(written[11:13]) + 9) % 24 in hours


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_a_view_folds_at_the_edge_of_its_window(columns: int, order: str, shop: Sandbox) -> None:
    comment = "oak and ash and thorn " * 12
    with shop.client() as client:
        client.add_order_comment(detail(shop, order)["id"], comment)
    shown, _ = on_terminal("view", order, "--viable", columns=columns)
    assert max(cell_len(line) for line in plain(shown).splitlines()) <= columns
    assert " ".join(plain(shown).split()).count("thorn") == 12


def test_viable_shows_what_it_can_move_to(order: str, shop: Sandbox) -> None:
    with shop.client() as client:
        options = client.get_viable_statuses(detail(shop, order)["id"])
    text = plain(on_terminal("view", order, "--viable")[0])
    assert text.partition("Can move to\n")[2].split("\n")[0] == "● Delivered  st000007"
    assert json.loads(invoke("view", order, "--viable", "--json").stdout) == {
        **detail(shop, order),
        "viable_statuses": options,
    }
    [row] = csv.DictReader(io.StringIO(invoke("view", order, "--viable", "-o", "csv").stdout))
    assert row["viable_statuses"] == "st000007"
    assert invoke("view", order, "--viable").stdout.endswith("\nviable\tst000007\tDelivered\n")


def test_view_prints_the_detail_as_the_service_sent_it(order: str, shop: Sandbox) -> None:
    wanted = detail(shop, order)
    for reference in (order, order.lstrip("#"), str(wanted["id"])):
        assert json.loads(invoke("view", reference, "--json").stdout) == wanted
    assert json.loads(invoke("view", order, "-o", "jsonl").stdout) == wanted


def test_view_without_a_terminal_is_a_line_for_each_value(order: str) -> None:
    lines = [line.split("\t") for line in invoke("view", order).stdout.splitlines()]
    assert [line[0] for line in lines if line[0] != "history"] == list(COLUMNS)
    assert ["status_name", "Shipped"] in lines
    assert [line[2:] for line in lines if line[0] == "history"][:1] == [
        ["comment_added", "", "internal", "Waits for the oak of Mr Meier", "", ""]
    ]


def test_view_with_fields(order: str) -> None:
    assert invoke("view", order, "--fields", "status.code").stdout == "st000003\n"
    assert json.loads(invoke("view", order, "--json", "--fields", "name").stdout) == {"name": order}
    shown = invoke("view", order, "--json", "--fields", "customer_name")
    assert shown.exit_code == 2
    assert "no field 'customer_name'. Did you mean customer.name" in shown.stderr


def test_view_by_number_and_address_is_one_request(order: str, shop: Sandbox) -> None:
    shown = invoke("view", order, "--email", "ann@lee.test", "--json")
    assert json.loads(shown.stdout)["name"] == order
    assert [each.path.rpartition("/")[2] for each in shop.requests] == ["lookup"]


@pytest.mark.parametrize(
    "arguments",
    [("#99999",), ("6110375248088999",), ("1181", "--email", "no@one.test")],
)
def test_an_order_that_there_is_not(arguments: tuple[str, ...], shop: Sandbox) -> None:
    shown = invoke("view", *arguments)
    assert (shown.exit_code, shown.stdout) == (4, "")
    assert shown.stderr.startswith("Error: ")
    assert len(shown.stderr.splitlines()) == 1
    assert "no@one.test" not in shown.stderr


def test_an_address_that_is_none_is_refused(shop: Sandbox) -> None:
    shown = invoke("view", "1181", "--email", "nonsense")
    assert shown.exit_code == 1
    assert len(shown.stderr.splitlines()) == 1


def test_an_order_without_anything(shop: Sandbox, add: Callable[..., str]) -> None:
    name = add(status_code=None, due_date=None, due_date_to=None)
    text = plain(on_terminal("view", name)[0])
    assert text.startswith(f"{name}  ○ no status\n")
    assert "no due date" in text
    assert "History" not in text


# viable


def test_viable_lists_the_statuses(order: str, shop: Sandbox) -> None:
    with shop.client() as client:
        options = client.get_viable_statuses(detail(shop, order)["id"])
    assert json.loads(invoke("viable", order, "--json").stdout) == options
    assert invoke("viable", order, "--fields", "code").stdout == "st000007\n"
    assert "● Delivered" in plain(on_terminal("viable", order)[0])


def test_an_order_that_can_move_nowhere(shop: Sandbox, add: Callable[..., str]) -> None:
    name = add()
    with shop.client() as client:
        found = client.find_order(name)
        assert found is not None
    shop.fail(200, body="[]", path=f"/orders/{found['id']}/viable-statuses")
    shown, status = on_terminal("viable", name)
    assert status == 0
    assert plain(shown) == f"{name} can move to no status now.\n"
    assert invoke("viable", "#99999").exit_code == 4
