"""The content codings that are asked for and decoded: none without bounds."""

from __future__ import annotations

import sys

import brotli
import pytest

from statuspro import APIConnectionError
from statuspro._http.codings import accepted_codings, boundless_codings
from tests.support.polling import eventually
from tests.support.servers import RawServer, answer, client_of

Decompressor = brotli.Decompressor


class OldDecompressor:
    """Brotli's before 1.2, which takes no limit."""

    def process(self, data: bytes) -> bytes:
        return bytes(2**20)


@pytest.fixture
def old_brotli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brotli, "Decompressor", OldDecompressor)
    monkeypatch.setattr("statuspro._http.codings.BOUNDLESS", boundless_codings())


def test_no_coding_is_asked_for_that_has_no_bounds(
    old_brotli: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codings = accepted_codings(boundless_codings()).split(", ")
    assert codings[:2] == ["gzip", "deflate"]
    assert "br" not in codings
    monkeypatch.setattr(brotli, "Decompressor", Decompressor)
    assert "br" in accepted_codings(boundless_codings()).split(", ")
    for name in ("brotli", "brotlicffi"):  # as though none were installed
        monkeypatch.setitem(sys.modules, name, None)
    assert boundless_codings() == frozenset()


def test_what_is_asked_for_is_on_the_wire() -> None:
    with RawServer(answer()) as server, client_of(server.port) as client:
        client.get("/orders")
        client.with_headers({"Accept-Encoding": "identity"}).get("/orders")
    asked = [
        request.split(b"Accept-Encoding: ")[1].split(b"\r\n")[0] for request in server.requests
    ]
    assert [line.split(b"\r\n")[0].decode() for line in asked] == [accepted_codings(), "identity"]


@pytest.mark.parametrize("coding", [b"br", b"BR", b"gzip, br"])
def test_a_coding_that_has_no_bounds_is_not_decoded(
    coding: bytes, old_brotli: None, waits: list[float]
) -> None:
    data = answer(b"x" * 100, headers=b"Connection: close\r\nContent-Encoding: " + coding + b"\r\n")
    with RawServer(data) as server, client_of(server.port) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.post("/orders/1/comment", json={"comment": "x"})
        assert eventually(lambda: not server.open)
    assert caught.value.maybe_applied
    assert len(server.requests) == 1
