"""One client a process: lazy, made anew with the settings, shared by threads, safe over forks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.test import override_settings

from statuspro import StatusProClient
from statuspro.contrib.django import DjangoClient, client, get_client, reset_client
from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT

ONE = {"API_KEY": "one", "BASE_URL": "https://one.test"}


def test_the_client_is_one_and_a_statuspro_client(of_sandbox: Any, sandbox: Sandbox) -> None:
    assert get_client() is get_client()
    assert isinstance(get_client(), StatusProClient)
    assert get_client().get_statuses()


def test_an_import_looks_nothing_up() -> None:
    """Neither settings, environment nor files: `migrate` has to run without a key."""
    code = """
import builtins, os, pathlib, sys
import django, dotenv, requests
def refuse(*args, **kwargs):
    raise AssertionError("it was looked up")
from django.conf import LazySettings
LazySettings._setup = refuse
from statuspro.config import Settings
Settings.find = Settings.credentials = refuse
import statuspro.contrib.django, statuspro.contrib.django.middleware
import statuspro.contrib.django.checks, statuspro.contrib.django.apps
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_without_django_one_sentence_names_the_extra() -> None:
    code = "import sys; sys.modules['django'] = None; import statuspro.contrib.django"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    last = run.stderr.strip().splitlines()[-1]
    assert last.endswith('statuspro.contrib.django needs Django: pip install "statuspro[django]"')


def test_without_a_key_the_four_places_and_the_setting_are_named() -> None:
    with override_settings(STATUSPRO={}), pytest.raises(ImproperlyConfigured) as caught:
        get_client()
    for place in ("STATUSPRO_API_KEY", ".env", "netrc", 'STATUSPRO["API_KEY"]'):
        assert place in str(caught.value)


def test_other_settings_make_another_client_and_close_the_first() -> None:
    with override_settings(STATUSPRO=ONE):
        first = get_client()
        with (
            mock.patch.object(DjangoClient, "close", autospec=True) as close,
            override_settings(STATUSPRO={**ONE, "BASE_URL": "https://two.test"}),
        ):
            assert [call.args[0] for call in close.call_args_list] == [first]
            assert get_client().base_url == "https://two.test"
        again = get_client()
        assert again is not first
        assert again.base_url == "https://one.test"


def test_settings_of_others_leave_the_client_alone() -> None:
    with override_settings(STATUSPRO=ONE):
        first = get_client()
        with override_settings(LANGUAGE_CODE="de"):
            assert get_client() is first


def test_another_environment_makes_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the fixtures of `statuspro.testing` have one for each test."""
    with override_settings(STATUSPRO={}):
        for name in ("first", "second"):
            with Sandbox(orders=1) as sandbox:
                monkeypatch.setenv("STATUSPRO_BASE_URL", sandbox.base_url)
                monkeypatch.setenv("STATUSPRO_API_KEY", sandbox.api_key)
                get_client().get_statuses()
                assert len(sandbox.requests) == 1, name


def test_reset_makes_another_client() -> None:
    with override_settings(STATUSPRO=ONE):
        first = get_client()
        reset_client()
        assert get_client() is not first


def test_threads_that_ask_at_once_get_the_same_client() -> None:
    barrier = threading.Barrier(8)

    def ask() -> DjangoClient:
        barrier.wait()
        return get_client()

    with override_settings(STATUSPRO=ONE), ThreadPoolExecutor(8) as pool:
        clients = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
        assert set(map(id, clients)) == {id(get_client())}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process forks here")
def test_a_forked_child_asks_on_connections_of_its_own(of_sandbox: Any, sandbox: Sandbox) -> None:
    get_client().get_statuses()
    accepted = sandbox.accepted
    child = os.fork()
    if child == 0:
        os._exit(0 if get_client().get_statuses() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert sandbox.accepted == accepted + 1
    assert get_client().get_statuses()
    assert sandbox.accepted == accepted + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process forks here")
def test_a_child_forked_while_a_thread_makes_the_client_makes_its_own() -> None:
    """The fork waits, and the child finds no lock that nobody will release."""
    making, go_on = threading.Event(), threading.Event()
    made = client.make_client

    def slowly() -> DjangoClient:
        making.set()
        go_on.wait(10)
        return made()

    with override_settings(STATUSPRO=ONE):
        with mock.patch.object(client, "make_client", slowly):
            thread = threading.Thread(target=get_client)
            thread.start()
            assert making.wait(10)
            threading.Timer(0.1, go_on.set).start()
            child = os.fork()
            if child == 0:
                signal.alarm(10)
                go_on.set()
                os._exit(0 if get_client().base_url == "https://one.test" else 1)
            thread.join()
        assert os.waitpid(child, 0)[1] == 0


def test_a_call_in_a_running_event_loop_is_refused(
    of_sandbox: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call() -> object:
        return get_client().with_options(timeout=3).get_statuses()

    with pytest.raises(SynchronousOnlyOperation, match="such as aget_order"):
        asyncio.run(call())
    assert sandbox.requests == []
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    assert asyncio.run(call())
