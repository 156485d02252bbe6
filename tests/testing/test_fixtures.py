"""The fixtures as a user's own tests have them."""

import os

import pytest

import statuspro
from statuspro.sandbox import Sandbox

pytest_plugins = ["statuspro.testing", "pytester"]


def test_client_asks_the_sandbox(
    statuspro_client: statuspro.StatusProClient, statuspro_sandbox: Sandbox
) -> None:
    statuses = statuspro_client.get_statuses()
    assert [status.get("code") for status in statuses][:2] == ["st000001", "st000002"]
    assert [request.path for request in statuspro_sandbox.requests] == ["/api/v1/statuses"]


def test_client_made_without_arguments_asks_the_sandbox_too(statuspro_sandbox: Sandbox) -> None:
    with statuspro.StatusProClient() as client:
        assert client.base_url == statuspro_sandbox.base_url
        client.get_statuses()
    assert len(statuspro_sandbox.requests) == 1


def test_each_test_has_a_sandbox_of_its_own_and_leaves_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest('pytest_plugins = ["statuspro.testing"]')
    pytester.makepyfile(
        """
        import os

        def test_write(statuspro_sandbox, statuspro_client):
            order = statuspro_client.list_orders(status_code="st000002", page=1)["data"][0]
            statuspro_client.update_order_status(order["id"], "st000003")
            assert len(statuspro_sandbox.applied) == 1

        def test_fresh(monkeypatch, statuspro_sandbox):
            assert statuspro_sandbox.applied == []
            assert os.environ["STATUSPRO_API_KEY"] == statuspro_sandbox.api_key
            monkeypatch.setenv("STATUSPRO_API_KEY", "of the test")

        def test_without():
            assert [name for name in os.environ if name.startswith("STATUSPRO_")] == []
        """
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STATUSPRO_")}
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - plain.keys():
            patch.delenv(name)
        pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


def test_fixtures_are_listed_with_what_they_do(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_subprocess("-p", "statuspro.testing", "--fixtures").stdout.str()
    assert "Starts a sandbox for the test." in shown
    assert "Makes a client of `statuspro_sandbox`, and closes it when the test ends." in shown
