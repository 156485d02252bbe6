"""The command `statuspro_check`: what it says, and that only --connect asks the service."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from statuspro.sandbox import Sandbox


def run(*arguments: str) -> tuple[str, str]:
    """What the command wrote to standard output and to standard error."""
    out, errors = io.StringIO(), io.StringIO()
    call_command("statuspro_check", *arguments, stdout=out, stderr=errors, no_color=True)
    return out.getvalue(), errors.getvalue()


def test_without_connect_the_settings_alone_are_checked(of_sandbox: Any, sandbox: Sandbox) -> None:
    out, errors = run()
    assert "accepts" not in out
    assert "statuspro.W004" in errors
    assert sandbox.requests == []


def test_with_connect_one_request_asks_whether_the_key_is_good(
    of_sandbox: Any, sandbox: Sandbox
) -> None:
    out, _ = run("--connect")
    assert f"{sandbox.base_url} accepts the key. The catalogue has " in out
    assert [request.path for request in sandbox.requests] == ["/api/v1/statuses"]


def test_a_refused_key_fails_and_is_not_shown(of_sandbox: Any, sandbox: Sandbox) -> None:
    wrong = "sk_wrong_0123456789"
    with (
        override_settings(STATUSPRO={**of_sandbox, "API_KEY": wrong}),
        pytest.raises(CommandError, match="401") as caught,
    ):
        run("--connect")
    assert wrong not in str(caught.value)


def test_malformed_settings_fail_before_the_service_is_asked(
    of_sandbox: Any, sandbox: Sandbox
) -> None:
    with (
        override_settings(STATUSPRO={**of_sandbox, "DEADLIN": 5}),
        pytest.raises(SystemCheckError, match="DEADLINE"),
    ):
        run("--connect")
    assert sandbox.requests == []


def test_without_a_key_there_is_a_warning() -> None:
    with override_settings(STATUSPRO={}):
        assert "statuspro.W001" in run()[1]
