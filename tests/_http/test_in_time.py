"""Sockets that keep to a call's deadline take all that Python's own take."""

import socket

from statuspro._http.in_time import in_time


def test_bytes_are_received_into_a_buffer_by_keywords() -> None:
    ours, peer = socket.socketpair()
    with in_time(ours), peer:
        peer.sendall(b"12345")
        buffer = bytearray(5)
        assert ours.recv_into(buffer, nbytes=3) == 3
        assert buffer == b"123\0\0"
