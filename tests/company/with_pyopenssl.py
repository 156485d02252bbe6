"""pyOpenSSL under urllib3: its sockets wrap real ones, and do not say their timeout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import urllib3.contrib.pyopenssl

from statuspro import APIConnectionError, APITimeoutError
from tests.support.certificates import serving
from tests.support.proxies import Dripping
from tests.support.servers import Peer, RawServer, answer, client_of

# urllib3 up to 2.7 asks pyOpenSSL for a certificate's subject in a way that pyOpenSSL 26 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:X509.get_subject is deprecated:DeprecationWarning")

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


@pytest.mark.parametrize("fast", [0, 12_000])
def test_every_byte_takes_its_time_but_not_beyond_the_deadline(fast: int, bundle: str) -> None:
    """Those of the handshake, or those of the records of TLS that carry the body."""
    with (
        RawServer(answer(b" " * 40_000), tls=serving(CA)) as server,
        Dripping(server.port, fast) as slow,
        client_of(slow.port, scheme="https", verify=bundle, deadline=0.3) as client,
    ):
        began = time.monotonic()
        with pytest.raises(APITimeoutError, match=r"The deadline of 0\.3 s has passed"):
            client.get("/orders")
        assert time.monotonic() - began < 0.8


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
