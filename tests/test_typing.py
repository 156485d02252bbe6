"""The types of every public name, as mypy and pyright see them; both are run over the tests."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

import statuspro

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any, Literal

    from matplotlib.axes import Axes
    from pandas import DataFrame
    from requests.adapters import HTTPAdapter
    from typing_extensions import assert_type

    from statuspro import (
        APIConnectionError,
        APIError,
        APITimeoutError,
        AuthenticatedClient,
        AuthenticationError,
        BulkUpdateError,
        Client,
        ConfigurationError,
        InvalidResponseError,
        MirrorError,
        NotFoundError,
        PermissionDeniedError,
        RateLimit,
        RateLimitError,
        RedirectError,
        ServerError,
        StatusProClient,
        StatusProError,
        TransitionError,
        TruncatedListWarning,
        ValidationError,
        add_order_comment,
        bulk_outcome,
        bulk_update_order_status,
        due_days,
        find_order,
        get_error_message,
        get_order,
        get_orders,
        get_statuses,
        get_viable_statuses,
        handle_response,
        hex_color,
        is_error,
        is_success,
        iter_bulk_update_order_status,
        iter_order_pages,
        iter_orders,
        list_orders,
        lookup_order,
        paginate,
        parse_moment,
        public_timeline,
        set_order_due_date,
        summarize_orders,
        unwrap,
        unwrap_as,
        unwrap_data,
        update_order_status,
    )
    from statuspro.contrib.django import (
        DjangoClient,
        aget_order,
        alist_orders,
        aupdate_order_status,
        get_client,
    )
    from statuspro.contrib.django.mirror import DatabaseMirror
    from statuspro.contrib.notebook import Shown, orders_frame, plot_due, show
    from statuspro.contrib.notebook import sync as sync_with_a_bar
    from statuspro.mirror import Change, Mirror, MirroredOrder, Sync
    from statuspro.sandbox import Mail, OrderRecord, Record, Sandbox
    from statuspro.testing import SandboxTestCase
    from statuspro.types import (
        BudgetReading,
        BulkBatch,
        BulkOptions,
        BulkOutcome,
        BulkStatusUpdate,
        HistoryItem,
        Message,
        Order,
        OrderFilters,
        OrderList,
        OrderListItem,
        OrdersSummary,
        Status,
        StatusDefinition,
        TimelineItem,
        ViableStatus,
    )

    # Nothing below runs: the type checkers read it.

    def clients(adapter: HTTPAdapter) -> None:
        plain = Client("https://shop.test", headers={"X-Trace": "7"}, timeout=(3.05, 27.0))
        assert_type(plain.with_headers({"X-Trace": "8"}), Client)
        assert_type(plain.get("/orders", params={"page": 1}), requests.Response)
        assert_type(plain.base_url, str)
        bearer = AuthenticatedClient("https://shop.test", "key", verify="ca.pem", timeout=None)
        assert_type(bearer.with_timeout(2), AuthenticatedClient)
        assert_type(bearer.with_options(proxies={}, follow_redirects=True), AuthenticatedClient)
        client = StatusProClient(
            "key",
            "https://shop.test",
            30.0,
            5,
            100,
            None,
            deadline=90.0,
            max_wait=60.0,
            on_wait=lambda seconds, reason: print(f"{seconds:.1f} s: {reason}"),
            rate_limit=RateLimit(requests=30, bulk=5, period=60.0),
            rate_limit_storage="sqlite:///budget.db",
            rate_limit_fallback="local",
            rate_limit_reserve=4,
            max_response_bytes=2**20,
            follow_redirects=False,
            adapter=adapter,
            pool_maxsize=4,
            headers={"X-Trace": "7"},
            cookies={"a": "b"},
            params={"a": "b"},
            hooks={"response": lambda response, *args, **kwargs: None},
            verify=True,
            cert=("cert.pem", "key.pem"),
            proxies=None,
            trust_env=False,
        )
        assert_type(client, StatusProClient)
        StatusProClient(max_waits=60.0)  # type: ignore[call-arg]
        client.with_options(adapter=adapter)  # type: ignore[call-arg]
        assert_type(client.with_headers({}), StatusProClient)
        assert_type(client.with_cookies({}), StatusProClient)
        assert_type(client.with_timeout(None), StatusProClient)
        assert_type(client.with_options(deadline=None, rate_limit=None), StatusProClient)
        assert_type(client.max_retries, int)
        assert_type(client.max_pages, int)
        assert_type(client.rate_limit, RateLimit | None)
        assert_type(client.budget(), BudgetReading | None)
        with client as entered:
            assert_type(entered, StatusProClient)

    def functions(client: Client) -> None:
        day = date(2026, 2, 10)
        assert_type(
            list_orders(
                client,
                search="Ann",
                status_code="st000002",
                tags=["vip"],
                tags_any=("a", "b"),
                financial_status=["paid", "unpaid"],
                fulfillment_status=("fulfilled",),
                exclude_cancelled=True,
                due_date_from=day,
                due_date_to="2026-02-12",
                page=1,
                per_page=50,
                max_items=None,
                max_pages=None,
            ),
            OrderList,
        )
        assert_type(
            iter_orders(client, search=None, start_page=2, prefetch=1, has_status=True),
            Generator[OrderListItem, None, None],
        )
        assert_type(iter_order_pages(client, max_items=5), Generator[OrderList, None, None])
        assert_type(get_order(client, "7"), Order)
        assert_type(
            get_orders(client, [7, "8"], workers=2), Generator[tuple[int, Order | None], None, None]
        )
        assert_type(lookup_order(client, number="#1188", email="ann@lee.test"), Order)
        assert_type(find_order(client, "#1188"), OrderListItem | None)
        assert_type(get_viable_statuses(client, 7), list[ViableStatus])
        assert_type(
            update_order_status(
                client,
                7,
                "st000003",
                comment="Shipped",
                public=True,
                email_customer=False,
                email_additional=None,
                check=True,
                confirm=True,
            ),
            Message,
        )
        assert_type(update_order_status(client, 7, "st000003", notify=False), Message)
        assert_type(add_order_comment(client, 7, "Shipped", public=True, confirm=True), Message)
        assert_type(set_order_due_date(client, 7, None), Message)
        assert_type(set_order_due_date(client, 7, day, due_date_to="2026-02-12"), Message)
        assert_type(
            bulk_update_order_status(
                client, {7, 8}, "st000003", comment="x", public=True, send_at=0, due_date=day
            ),
            BulkStatusUpdate,
        )
        assert_type(
            iter_bulk_update_order_status(client, range(1, 900), "st000003", notify=None),
            Generator[BulkBatch, None, None],
        )
        assert_type(bulk_outcome(client, iter([7]), "st000003", timeout=0), BulkOutcome)
        assert_type(get_statuses(client), list[StatusDefinition])
        assert_type(summarize_orders(client), OrdersSummary)
        assert_type(
            paginate(client, "/orders", {"search": "Ann"}, per_page=10),
            Generator[dict[str, Any], None, None],
        )

    def methods(client: StatusProClient) -> None:
        assert_type(client.list_orders(page=1), OrderList)
        assert_type(client.iter_orders(search="Ann"), Generator[OrderListItem, None, None])
        assert_type(client.iter_order_pages(), Generator[OrderList, None, None])
        assert_type(client.get_order(7), Order)
        assert_type(client.get_orders([7]), Generator[tuple[int, Order | None], None, None])
        assert_type(client.lookup_order(number=1188, email="ann@lee.test"), Order)
        assert_type(client.find_order(1188), OrderListItem | None)
        assert_type(client.get_viable_statuses("7"), list[ViableStatus])
        assert_type(client.update_order_status(7, "st000003", public=True), Message)
        assert_type(client.add_order_comment(7, "Shipped"), Message)
        assert_type(client.set_order_due_date(7, "2026-02-10"), Message)
        assert_type(client.bulk_update_order_status([7], "st000003", notify=True), BulkStatusUpdate)
        assert_type(client.bulk_outcome([7], "st000003")["applied"], list[int])
        kept = client.iter_bulk_update_order_status([7], "st000003", journal=Path("journal"))
        assert_type(kept, Generator[BulkBatch, None, None])
        assert_type(
            client.iter_bulk_update_order_status([7], "st000003"), Generator[BulkBatch, None, None]
        )
        assert_type(client.get_statuses(), list[StatusDefinition])
        assert_type(client.summarize_orders(), OrdersSummary)
        assert_type(client.paginate("/orders"), Generator[dict[str, Any], None, None])

    def no_argument_takes_just_anything(client: StatusProClient, thing: object) -> None:
        # One that came to would make its comment needless, which mypy takes for an error.
        list_orders(
            thing,  # type: ignore[arg-type]
            search=thing,  # type: ignore[arg-type]
            status_code=thing,  # type: ignore[arg-type]
            tags=thing,  # type: ignore[arg-type]
            tags_any=thing,  # type: ignore[arg-type]
            financial_status=thing,  # type: ignore[arg-type]
            fulfillment_status=thing,  # type: ignore[arg-type]
            exclude_cancelled=thing,  # type: ignore[arg-type]
            due_date_from=thing,  # type: ignore[arg-type]
            due_date_to=thing,  # type: ignore[arg-type]
            page=thing,  # type: ignore[arg-type]
            per_page=thing,  # type: ignore[arg-type]
            max_items=thing,  # type: ignore[arg-type]
            max_pages=thing,  # type: ignore[arg-type]
        )
        iter_orders(
            thing,  # type: ignore[arg-type]
            search=thing,  # type: ignore[arg-type]
            status_code=thing,  # type: ignore[arg-type]
            tags=thing,  # type: ignore[arg-type]
            tags_any=thing,  # type: ignore[arg-type]
            financial_status=thing,  # type: ignore[arg-type]
            fulfillment_status=thing,  # type: ignore[arg-type]
            exclude_cancelled=thing,  # type: ignore[arg-type]
            due_date_from=thing,  # type: ignore[arg-type]
            due_date_to=thing,  # type: ignore[arg-type]
            has_status=thing,  # type: ignore[arg-type]
            per_page=thing,  # type: ignore[arg-type]
            max_items=thing,  # type: ignore[arg-type]
            max_pages=thing,  # type: ignore[arg-type]
            start_page=thing,  # type: ignore[arg-type]
            prefetch=thing,  # type: ignore[arg-type]
        )
        iter_order_pages(
            thing,  # type: ignore[arg-type]
            search=thing,  # type: ignore[arg-type]
            status_code=thing,  # type: ignore[arg-type]
            tags=thing,  # type: ignore[arg-type]
            tags_any=thing,  # type: ignore[arg-type]
            financial_status=thing,  # type: ignore[arg-type]
            fulfillment_status=thing,  # type: ignore[arg-type]
            exclude_cancelled=thing,  # type: ignore[arg-type]
            due_date_from=thing,  # type: ignore[arg-type]
            due_date_to=thing,  # type: ignore[arg-type]
            has_status=thing,  # type: ignore[arg-type]
            per_page=thing,  # type: ignore[arg-type]
            max_items=thing,  # type: ignore[arg-type]
            max_pages=thing,  # type: ignore[arg-type]
            start_page=thing,  # type: ignore[arg-type]
            prefetch=thing,  # type: ignore[arg-type]
        )
        get_order(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
        )
        lookup_order(
            thing,  # type: ignore[arg-type]
            number=thing,  # type: ignore[arg-type]
            email=thing,  # type: ignore[arg-type]
        )
        find_order(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
        )
        get_orders(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            workers=thing,  # type: ignore[arg-type]
        )
        get_viable_statuses(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
        )
        update_order_status(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            comment=thing,  # type: ignore[arg-type]
            public=thing,  # type: ignore[arg-type]
            notify=thing,  # type: ignore[arg-type]
            email_customer=thing,  # type: ignore[arg-type]
            email_additional=thing,  # type: ignore[arg-type]
            check=thing,  # type: ignore[arg-type]
            confirm=thing,  # type: ignore[arg-type]
        )
        add_order_comment(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            public=thing,  # type: ignore[arg-type]
            confirm=thing,  # type: ignore[arg-type]
        )
        set_order_due_date(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            due_date_to=thing,  # type: ignore[arg-type]
            confirm=thing,  # type: ignore[arg-type]
        )
        bulk_update_order_status(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            comment=thing,  # type: ignore[arg-type]
            public=thing,  # type: ignore[arg-type]
            notify=thing,  # type: ignore[arg-type]
            email_customer=thing,  # type: ignore[arg-type]
            email_additional=thing,  # type: ignore[arg-type]
            send_at=thing,  # type: ignore[arg-type]
            due_date=thing,  # type: ignore[arg-type]
        )
        iter_bulk_update_order_status(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            comment=thing,  # type: ignore[arg-type]
            public=thing,  # type: ignore[arg-type]
            notify=thing,  # type: ignore[arg-type]
            email_customer=thing,  # type: ignore[arg-type]
            email_additional=thing,  # type: ignore[arg-type]
            send_at=thing,  # type: ignore[arg-type]
            due_date=thing,  # type: ignore[arg-type]
            journal=thing,  # type: ignore[arg-type]
        )
        bulk_outcome(
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            thing,  # type: ignore[arg-type]
            timeout=thing,  # type: ignore[arg-type]
        )
        StatusProClient(
            api_key=thing,  # type: ignore[arg-type]
            base_url=thing,  # type: ignore[arg-type]
            timeout=thing,  # type: ignore[arg-type]
            max_retries=thing,  # type: ignore[arg-type]
            max_pages=thing,  # type: ignore[arg-type]
            logger=thing,  # type: ignore[arg-type]
            deadline=thing,  # type: ignore[arg-type]
            max_wait=thing,  # type: ignore[arg-type]
            on_wait=thing,  # type: ignore[arg-type]
            rate_limit=thing,  # type: ignore[arg-type]
            rate_limit_storage=thing,  # type: ignore[arg-type]
            rate_limit_fallback=thing,  # type: ignore[arg-type]
            rate_limit_reserve=thing,  # type: ignore[arg-type]
            headers=thing,  # type: ignore[arg-type]
            cookies=thing,  # type: ignore[arg-type]
            params=thing,  # type: ignore[arg-type]
            hooks=thing,  # type: ignore[arg-type]
            proxies=thing,  # type: ignore[arg-type]
            verify=thing,  # type: ignore[arg-type]
            cert=thing,  # type: ignore[arg-type]
            trust_env=thing,  # type: ignore[arg-type]
            follow_redirects=thing,  # type: ignore[arg-type]
            max_response_bytes=thing,  # type: ignore[arg-type]
            adapter=thing,  # type: ignore[arg-type]
            pool_connections=thing,  # type: ignore[arg-type]
            pool_maxsize=thing,  # type: ignore[arg-type]
        )
        client.with_options(
            timeout=thing,  # type: ignore[arg-type]
            max_pages=thing,  # type: ignore[arg-type]
            logger=thing,  # type: ignore[arg-type]
            deadline=thing,  # type: ignore[arg-type]
            max_wait=thing,  # type: ignore[arg-type]
            on_wait=thing,  # type: ignore[arg-type]
            rate_limit=thing,  # type: ignore[arg-type]
            rate_limit_storage=thing,  # type: ignore[arg-type]
            rate_limit_fallback=thing,  # type: ignore[arg-type]
            rate_limit_reserve=thing,  # type: ignore[arg-type]
            headers=thing,  # type: ignore[arg-type]
            cookies=thing,  # type: ignore[arg-type]
            params=thing,  # type: ignore[arg-type]
            hooks=thing,  # type: ignore[arg-type]
            proxies=thing,  # type: ignore[arg-type]
            verify=thing,  # type: ignore[arg-type]
            cert=thing,  # type: ignore[arg-type]
            trust_env=thing,  # type: ignore[arg-type]
            follow_redirects=thing,  # type: ignore[arg-type]
            max_response_bytes=thing,  # type: ignore[arg-type]
        )

    def keywords_in_a_variable(client: StatusProClient) -> None:
        quiet: BulkOptions = {"notify": False}
        assert_type(
            client.bulk_update_order_status([7], "st000003", **quiet),
            BulkStatusUpdate,
        )
        client.iter_bulk_update_order_status([7], "st000003", **quiet)
        filters: OrderFilters = {"status_code": "st000002", "financial_status": ["paid"]}
        assert_type(client.list_orders(page=1, **filters), OrderList)
        client.iter_orders(has_status=True, **filters)
        client.iter_order_pages(prefetch=1, **filters)

    def payloads(order: Order, item: OrderListItem) -> None:
        assert_type(order["id"], int)
        assert_type(order["status"], Status)
        assert_type(order["status"].get("code"), str | None)
        assert_type(order["history"][0]["comment"], str | None)
        assert_type(order["due_date"], str | None)
        assert_type(item["history_count"], int)

    def values(order: Order, item: OrderListItem, status: StatusDefinition) -> None:
        assert_type(due_days(item), tuple[date | None, date | None])
        assert_type(due_days(order), tuple[date | None, date | None])
        assert_type(due_days({"due_date": None}), tuple[date | None, date | None])
        assert_type(parse_moment(order["status"].get("set_at")), datetime | None)
        assert_type(hex_color(status["color"]), str | None)
        assert_type(hex_color(order["status"].get("color")), str | None)
        assert_type(public_timeline(order), list[TimelineItem])
        assert_type(public_timeline(order)[0]["at"], datetime)
        assert_type(public_timeline(order)[0]["comment"], str | None)

    def responses(response: requests.Response) -> None:
        assert_type(is_success(response), bool)
        assert_type(is_error(response), bool)
        assert_type(get_error_message(response), str | None)
        unwrap(response, raise_on_error=False)["anything"]  # Any
        unwrap_data(response, raise_on_error=False, default=[])[0]
        assert_type(unwrap_as(response, list, raise_on_error=False), list[Any] | None)
        handle_response(response, on_success=len, on_error=str, raise_on_error=True)

    def errors(error: StatusProError) -> None:
        assert_type(error.page, int | None)
        try:
            raise error
        except ConfigurationError as refused:
            given: ValueError = refused
            print(given)
        except ValidationError as invalid:
            assert_type(invalid.validation_errors, dict[str, list[str]])
        except RateLimitError as limited:
            assert_type(limited.retry_after, float)
        except RedirectError as redirected:
            assert_type(redirected.location, str | None)
        except (
            AuthenticationError,
            PermissionDeniedError,
            NotFoundError,
            ServerError,
            InvalidResponseError,
        ) as answered:
            http_error: requests.HTTPError = answered
            print(http_error)
            assert_type(answered.status_code, int | None)
        except APIError as other:
            assert_type(other.message, str)
            assert_type(other.maybe_applied, bool)

    def a_mirror(client: StatusProClient) -> None:
        with Mirror("orders.sqlite3") as mirror:
            sync = mirror.sync(client, history=False, exclude_cancelled=True)
            assert_type(sync, Sync)
            for change in sync:
                assert_type(change, Change)
                assert_type(change["kind"], Literal["new", "changed", "gone"])
                print(change["order"]["name"], change["order"]["history_count"], sync.done)
                assert_type(change["order"].get("history", []), list[HistoryItem])
                assert_type(change["before"], MirroredOrder | None)
                assert_type(change["fields"], list[str])
                assert_type(change["events"], list[HistoryItem])
            assert_type(sync.total, int | None)
            assert_type(mirror.order(1), Order | None)
            assert_type(mirror.find("#1188"), Order | None)
            assert_type(mirror.orders(due_date_to=date(2026, 3, 15)), Iterator[OrderListItem])
            assert_type(mirror.history("1"), list[HistoryItem])
            assert_type(mirror.statuses(), list[StatusDefinition])
            assert_type(mirror.summary(), OrdersSummary)
            assert_type(mirror.synced_at, datetime | None)

    async def in_django() -> None:
        assert_type(get_client(), DjangoClient)
        assert_type(get_client().with_timeout(2.0), DjangoClient)
        assert_type(await aget_order(7), Order)
        assert_type(await alist_orders(search="Ann", page=1), OrderList)
        assert_type(await aupdate_order_status(7, "st000003", notify=False), Message)
        await aget_order(client=get_client())  # type: ignore[call-arg]
        mirror = DatabaseMirror(using="shop")
        assert_type(mirror.sync(get_client(), history=False), Sync)
        assert_type(mirror.lookup("#1188", "ann@lee.test"), Order | None)
        assert_type(mirror.fetch(get_client(), 7), Change | None)
        assert_type(mirror.orders(status_code="st000002"), Iterator[OrderListItem])

    def in_a_notebook(client: StatusProClient, order: Order, axes: Axes) -> None:
        frame = orders_frame(client, status_code="st000002")
        assert_type(frame, DataFrame)
        assert_type(plot_due(frame, ax=axes), Axes)
        assert_type(show(order), Shown)
        assert_type(show(client.get_statuses(), internal=True), Shown)
        with Mirror("orders.sqlite3") as mirror:
            assert_type(sync_with_a_bar(mirror, client, progress=False), DataFrame)
        assert_type(sync_with_a_bar(DatabaseMirror(), client), DataFrame)

    def in_tests(case: SandboxTestCase) -> None:
        with Sandbox(orders=5, rate_limit=60, retry_after=True) as sandbox:
            assert_type(sandbox.client(max_retries=0), StatusProClient)
            assert_type(sandbox.add_order(status_code="st000002"), int)
            assert_type(sandbox.order(7), OrderRecord)
            assert_type(sandbox.requests, list[Record])
            assert_type(sandbox.mails, list[Mail])
        assert_type(case.sandbox, Sandbox)
        assert_type(case.statuspro, StatusProClient)

    def errors_without_an_answer(error: StatusProError) -> None:
        try:
            raise error
        except APITimeoutError as late:
            timeout: requests.Timeout = late
            print(timeout)
        except APIConnectionError as dropped:
            connection_error: requests.ConnectionError = dropped
            print(connection_error)
            assert_type(dropped.maybe_applied, bool)
        except BulkUpdateError as stopped:
            assert_type(stopped.accepted + stopped.not_sent, list[int])
            assert_type(stopped.uncertain + stopped.refused, list[int])
        except TransitionError as transition:
            assert_type(transition.status_code_wanted, str)
            assert_type(transition.viable, list[str])
        except MirrorError as mirror:
            assert_type(mirror.message, str)
        warning: type[UserWarning] = TruncatedListWarning
        print(warning)


@pytest.mark.parametrize("name", sorted(set(statuspro.__all__) - {"__version__"}))
def test_every_public_name_has_its_types_looked_at(name: str) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    uses = re.findall(rf"\b{name}\b", text.partition("# Nothing below runs")[2])
    assert uses


def test_the_version_is_a_string() -> None:
    version: str = statuspro.__version__
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+.*", version)
