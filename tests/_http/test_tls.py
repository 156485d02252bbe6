"""TLS with real certificates."""

from __future__ import annotations

import datetime
import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from statuspro import APIConnectionError, APITimeoutError, StatusProClient
from tests.support.certificates import serving
from tests.support.polling import eventually
from tests.support.servers import RawServer, answer, client_of

Served = Callable[[int, socket.socket], bool]

pytestmark = pytest.mark.usefixtures("waits")


def secure_client(server: RawServer, **options: Any) -> StatusProClient:
    return client_of(server.port, scheme="https", **options)


# Certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_ca_of_ones_own(method: str, authority: trustme.CA, bundle: str) -> None:
    with (
        RawServer(answer(b"[1]"), tls=serving(authority)) as server,
        secure_client(server, verify=bundle) as client,
    ):
        assert client.request(method, "/orders", params={"search": "Ann"}).json() == [1]
    assert server.requests[0].startswith(f"{method} /api/v1/orders?search=Ann HTTP".encode())


def test_a_ca_of_ones_own_beats_one_of_the_environment(
    authority: trustme.CA, bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with RawServer(answer(b"[1]"), tls=serving(authority)) as server:
        with secure_client(server, trust_env=True, verify=bundle) as client:
            assert client.get("/orders").json() == [1]
        with secure_client(server, trust_env=True) as client:
            with pytest.raises(APIConnectionError, match="certificate"):
                client.get("/orders")
            assert client.with_options(verify=Path(bundle)).get("/orders").json() == [1]
            assert client.get("/orders", verify=bundle).json() == [1]


def test_a_ca_of_the_environment(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with RawServer(answer(), tls=serving(authority)) as server:
        with secure_client(server, trust_env=True) as client:
            assert client.get("/orders").status_code == 200
        with secure_client(server) as client, pytest.raises(APIConnectionError):
            client.get("/orders")


LAST_YEAR = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("names", "options", "trusted", "message"),
    [
        (["127.0.0.1"], {}, False, "unable to get local issuer certificate"),
        (["other.test"], {}, True, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        (["127.0.0.1"], {"not_after": LAST_YEAR}, True, "certificate has expired"),
    ],
    ids=["unknown CA", "wrong host", "expired"],
)
def test_a_certificate_that_is_not_right(
    names: list[str],
    options: dict[str, Any],
    trusted: bool,
    message: str,
    method: str,
    authority: trustme.CA,
    bundle: str,
    waits: list[float],
) -> None:
    with (
        RawServer(answer(), tls=serving(authority, *names, **options)) as server,
        secure_client(server, verify=bundle if trusted else True) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders")
    assert type(caught.value) is APIConnectionError
    assert message in str(caught.value)
    assert not caught.value.maybe_applied
    assert server.accepted == 1
    assert server.requests == []
    assert waits == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_speaks_no_tls(method: str, waits: list[float]) -> None:
    def greets(number: int, connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(1000)
        return False

    with (
        RawServer(answer(), on_accept=greets) as server,
        secure_client(server) as client,
        pytest.raises(APIConnectionError, match=r"No secure connection to 127\.0\.0\.1") as caught,
    ):
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert server.accepted == 1
    assert waits == []


@pytest.mark.parametrize("is_pair", [True, False])
def test_a_client_certificate(
    is_pair: bool, authority: trustme.CA, bundle: str, tmp_path: Path
) -> None:
    context = serving(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    own = authority.issue_cert("client@shop.test")
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    own.private_key_pem.write_to_path(str(key))
    if is_pair:
        own.cert_chain_pems[0].write_to_path(str(certificate))
    else:
        own.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    cert = (str(certificate), str(key)) if is_pair else str(certificate)
    with (
        RawServer(answer(), tls=context) as server,
        secure_client(server, verify=bundle) as client,
    ):
        assert client.with_options(cert=cert).get("/orders").status_code == 200
        # Without one: with TLS 1.3 the refusal comes when the request is under way already.
        with pytest.raises(APIConnectionError) as caught:
            client.get("/orders")
        assert type(caught.value) is APIConnectionError
        assert client.get("/orders", cert=cert).status_code == 200
    assert len(server.requests) == 2


# verify=False ---------------------------------------------------------------------------------


def test_verify_false_warns_once_a_client(authority: trustme.CA) -> None:
    with (
        RawServer(answer(b"[1]"), tls=serving(authority)) as server,
        secure_client(server, verify=False) as client,
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(3):
                assert client.get("/orders").json() == [1]
            assert client.with_options(timeout=4.0).post("/orders").json() == [1]
        assert [str(warning.message) for warning in caught] == [
            f"TLS certificates of {client.base_url} are not checked (verify=False): a machine "
            "on the way can read the key."
        ]
        assert caught[0].category is UserWarning


def test_verify_false_for_one_request_warns_too(authority: trustme.CA) -> None:
    with (
        RawServer(answer(b"[1]"), tls=serving(authority)) as server,
        secure_client(server) as client,
    ):
        with pytest.warns(UserWarning, match="not checked"):
            assert client.get("/orders", verify=False).json() == [1]
        with pytest.raises(APIConnectionError):  # not by the connection that was not checked
            client.get("/orders")


def test_who_uses_urllib3_otherwise_is_warned_as_before(authority: trustme.CA) -> None:
    import urllib3

    with (
        RawServer(answer(b"[1]"), tls=serving(authority)) as server,
        urllib3.PoolManager(cert_reqs="CERT_NONE") as manager,
        pytest.warns(urllib3.exceptions.InsecureRequestWarning),
    ):
        assert manager.request("GET", f"https://127.0.0.1:{server.port}/").json() == [1]


# Handshakes that break off ---------------------------------------------------------------------


def dropped(connection: socket.socket) -> None:
    """Closes before a word was said."""


def dropped_halfway(connection: socket.socket) -> None:
    connection.recv(10_000)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.recv(10)
    connection.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("fault", [dropped, dropped_halfway, reset])
def test_a_handshake_that_breaks_off_is_tried_again(
    fault: Callable[[socket.socket], None],
    method: str,
    authority: trustme.CA,
    bundle: str,
    waits: list[float],
) -> None:
    def served(number: int, connection: socket.socket) -> bool:
        if number > 2:
            return True
        fault(connection)
        return False

    with (
        RawServer(answer(b"[1]"), tls=serving(authority), on_accept=served) as server,
        secure_client(server, verify=bundle) as client,
    ):
        assert client.request(method, "/orders").json() == [1]
    assert len(server.requests) == 1
    assert len(waits) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_handshake_that_always_breaks_off(method: str, waits: list[float]) -> None:
    def served(number: int, connection: socket.socket) -> bool:
        dropped_halfway(connection)
        return False

    with (
        RawServer(answer(), on_accept=served) as server,
        secure_client(server, max_retries=2) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.request(method, "/orders")
    assert type(caught.value) is APIConnectionError
    assert not caught.value.maybe_applied
    assert server.accepted == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("max_retries", [0, 1])
def test_a_handshake_that_stalls(method: str, max_retries: int) -> None:
    def served(number: int, connection: socket.socket) -> bool:
        while connection.recv(1000):
            pass
        return False

    with (
        RawServer(answer(), on_accept=served) as server,
        secure_client(server, max_retries=max_retries, timeout=0.2) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert server.accepted == 1 + max_retries


# Answers that do ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200", answer(b"{", length=9)])
def test_an_answer_that_breaks_off(
    data: bytes, authority: trustme.CA, bundle: str, waits: list[float]
) -> None:
    with (
        RawServer(data, answer(b"[1]"), data, tls=serving(authority)) as server,
        secure_client(server, verify=bundle) as client,
    ):
        assert client.get("/orders").json() == [1]
        with pytest.raises(APIConnectionError) as caught:
            client.post("/orders")
        assert eventually(lambda: not server.open)
    assert type(caught.value) is APIConnectionError
    assert caught.value.maybe_applied
    assert len(server.requests) == 3
    assert len(waits) == 1


def test_an_answer_that_stalls(authority: trustme.CA, bundle: str) -> None:
    with (
        RawServer(lambda peer: peer.until_closed(), tls=serving(authority)) as server,
        secure_client(server, verify=bundle, timeout=0.3, max_retries=1) as client,
    ):
        for method, sends in (("GET", 2), ("POST", 3)):
            with pytest.raises(APITimeoutError) as caught:
                client.request(method, "/orders")
            assert caught.value.maybe_applied is (method == "POST")
            assert len(server.requests) == sends
        assert eventually(lambda: not server.open)


def test_a_record_that_is_broken_is_no_drop(
    authority: trustme.CA, bundle: str, waits: list[float]
) -> None:
    """Somebody in between has changed it: that is not tried again."""

    def tampered(peer: Any) -> None:
        plain = socket.socket(fileno=peer.connection.detach())
        plain.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        plain.recv(1000)
        plain.close()

    with (
        RawServer(tampered, tls=serving(authority)) as server,
        secure_client(server, verify=bundle) as client,
        pytest.raises(APIConnectionError, match="No secure connection") as caught,
    ):
        client.post("/orders")
    assert caught.value.maybe_applied
    assert len(server.requests) == 1
    assert waits == []
