"""Sockets that keep to a call's deadline take all that Python's own take."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator

import pytest
import requests

from statuspro._http.call import Call, CallSettings, under_way
from statuspro._http.in_time import in_time


@pytest.fixture
def late() -> Iterator[None]:
    """The deadline of the call under way has passed."""
    request = requests.Request("GET", "http://127.0.0.1/orders").prepare()
    call = Call(request, CallSettings(deadline=0.001), lease=1.0)
    while not call.is_over:
        time.sleep(0.001)
    with under_way(call):
        yield


def test_bytes_are_received_into_a_buffer_by_keywords() -> None:
    ours, peer = socket.socketpair()
    with in_time(ours), peer:
        peer.sendall(b"12345")
        buffer = bytearray(5)
        assert ours.recv_into(buffer, nbytes=3) == 3
        assert buffer == b"123\0\0"


@pytest.mark.usefixtures("late")
def test_nothing_is_received_or_sent_after_the_deadline() -> None:
    ours, peer = socket.socketpair()
    with in_time(ours), peer:
        peer.sendall(b"12345")
        with pytest.raises(TimeoutError, match="the deadline has passed"):
            ours.recv(1)
        with pytest.raises(TimeoutError, match="the deadline has passed"):
            ours.sendall(b"1")


@pytest.mark.usefixtures("late")
def test_a_deadline_that_passes_as_tls_begins_leaves_one_owner_of_the_descriptor() -> None:
    """With two of them, the second would close a connection that has the same number by then."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        plain = in_time(socket.create_connection(silent.getsockname()))
        with pytest.raises(TimeoutError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
        assert plain.fileno() == -1  # TLS has taken it over, and closed it
