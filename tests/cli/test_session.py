"""The client of a command: with whom it shares its budget, and what it tells."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from statuspro.cli.session import opened_client
from statuspro.cli.waiting import line
from statuspro.sandbox import Sandbox
from tests.support.terminal import invoke, run


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The file that the user's commands count in."""
    return tmp_path / "state" / "statuspro" / "budget.sqlite3"


def test_commands_count_together_in_the_users_state_folder(shop: Sandbox, state: Path) -> None:
    assert run("statuses").returncode == 0
    assert run("statuses").returncode == 0
    assert state.parent.stat().st_mode & 0o077 == 0
    with opened_client() as client:
        assert client.rate_limit_storage == f"sqlite:///{state}"
        budget = client.budget()
    assert budget is not None
    assert budget["remaining"] == 58


def test_no_shared_budget_leaves_no_file(shop: Sandbox, state: Path) -> None:
    assert invoke("statuses", "--no-shared-budget").exit_code == 0
    assert not state.exists()


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_no_shared_budget_beats_a_setting(
    place: str, shop: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.sqlite3"
    setting = {"STATUSPRO_RATE_LIMIT_STORAGE": f"sqlite:///{other}"}
    if place == ".env":
        (tmp_path / ".env").write_text("".join(f"{name}={url}" for name, url in setting.items()))
        setting.clear()
    monkeypatch.chdir(tmp_path)
    shown = invoke("statuses", "--no-shared-budget", **setting)
    assert shown.exit_code == 0
    assert not other.exists()
    assert invoke("statuses", **setting).exit_code == 0
    assert other.exists()


def test_a_setting_names_another_storage(shop: Sandbox, state: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    shown = invoke("statuses", STATUSPRO_RATE_LIMIT_STORAGE=f"sqlite:///{other}")
    assert shown.exit_code == 0
    assert other.exists()
    assert not state.exists()


def test_a_state_folder_that_cannot_be_made_is_no_error(
    shop: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file")
    shown = invoke("statuses", "--json")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("[")
    assert "the budget is not shared with other commands" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_a_wait_is_told_once_where_there_is_no_terminal(shop: Sandbox) -> None:
    shop.fail(429, retry_after=1)
    shown = run("statuses")
    assert shown.returncode == 0
    assert len(shown.stderr.splitlines()) == 1
    assert shown.stderr.startswith("Waiting 1 s: ")


def test_a_call_that_is_over_ends_its_countdown(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Mock()
    monkeypatch.setattr(line, "waited", ended)
    with opened_client() as client:
        client.get_statuses()
        shop.fail(404)
        client.get("/orders/7")
    assert ended.call_count == 2


def test_a_damaged_file_of_the_budget_is_told_in_a_plain_line(shop: Sandbox, state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text("no database, but long enough to look like one" * 100)
    shown = run("statuses", "--json")
    assert shown.returncode == 0
    assert shown.stderr.startswith("Warning: ")
    assert len(shown.stderr.splitlines()) == 1
