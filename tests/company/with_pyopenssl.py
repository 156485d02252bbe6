"""pyOpenSSL under urllib3: its sockets wrap real ones, and do not say their timeout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import urllib3.contrib.pyopenssl

from statuspro import APIConnectionError, APITimeoutError
from tests.support.certificates import serving
from tests.support.servers import Peer, RawServer, answer, client_of

CA = trustme.CA()


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(autouse=True)
def _injected() -> Iterator[None]:
    urllib3.contrib.pyopenssl.inject_into_urllib3()
    try:
        yield
    finally:
        urllib3.contrib.pyopenssl.extract_from_urllib3()


def test_a_request(bundle: str) -> None:
    with (
        RawServer(answer(b"[1]", headers=b""), keep=True, tls=serving(CA)) as server,
        client_of(server.port, scheme="https", verify=bundle) as client,
    ):
        assert client.get("/orders?search=Ann").json() == [1]
        assert client.post("/orders/7/comment", json={}).json() == [1]
        assert type(client.get("/orders", stream=True).raw.read()) is bytes
        assert server.accepted == 1


def test_a_response_that_drips_ends_in_time(bundle: str) -> None:
    def drip(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n")
        while peer.goes_on:
            peer.send(b"X-More: 1\r\n")
            peer.pause(0.05)

    with (
        RawServer(drip, tls=serving(CA)) as server,
        client_of(server.port, scheme="https", verify=bundle, timeout=0.3, max_retries=0) as client,
        pytest.raises(APITimeoutError),
    ):
        client.get("/orders")


def test_a_certificate_of_nobody() -> None:
    with (
        RawServer(answer(), tls=serving(CA)) as server,
        client_of(server.port, scheme="https") as client,
        pytest.raises(APIConnectionError, match="No secure connection") as caught,
    ):
        client.post("/orders/7/comment", json={})
    assert not caught.value.maybe_applied
