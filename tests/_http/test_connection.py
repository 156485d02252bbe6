"""One connection: the header lines and the query as they go on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from urllib3.connection import HTTPConnection
from urllib3.util import SKIP_HEADER

from statuspro._http.connection import Connection
from tests.support.records import all_records
from tests.support.servers import RawServer, answer, client_of

PLAIN = {"User-Agent": "shop/1.0", "Accept-Encoding": "gzip", "Authorization": "Bearer k"}


@pytest.mark.parametrize(
    "headers",
    [
        PLAIN,
        {"ACCEPT-ENCODING": "", **PLAIN},
        {**PLAIN, "X-Bytes": b"1"},
        {**PLAIN, "X-Number": 1},
        {**PLAIN, "X-Latin": "caf\xe9"},
        {**PLAIN, "X-Folded": "one\r\n two"},
        {**PLAIN, "X-Empty": ""},
        {**PLAIN, "Host": "elsewhere.example"},
        {**PLAIN, "Content-Length": "0"},
        {**PLAIN, "Transfer-Encoding": "chunked"},
        {**PLAIN, "User-Agent": SKIP_HEADER},
        {"User-Agent": "shop/1.0"},
        {"Accept-Encoding": "gzip"},
        {},
        None,
    ],
)
def test_a_request_is_written_as_urllib3_writes_it(headers: dict[str, Any] | None) -> None:
    written = []
    for kind in (Connection, HTTPConnection):
        with RawServer(answer()) as server:
            connection = kind("127.0.0.1", server.port, timeout=5)
            connection.request("GET", "/orders?page=1", headers=headers)
            connection.getresponse().close()
            connection.close()
        (request,) = server.requests
        written.append(request.replace(b"%d" % server.port, b"PORT"))
    ours, theirs = (request.split(b"\r\n") for request in written)
    assert ours[0] == theirs[0]
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize(
    "headers", [{"X-Two": "1\r\nX: 2"}, {"X-Two": "1\nX: 2"}, {"X: 1\r\nX": ""}]
)
def test_a_header_that_would_be_two_is_refused(headers: dict[str, str]) -> None:
    with RawServer(answer()) as server:
        connection = Connection("127.0.0.1", server.port, timeout=5)
        with pytest.raises(ValueError, match="header"):
            connection.request("GET", "/orders", headers=PLAIN | headers)
        connection.close()
    assert server.requests == []


def test_the_query_is_on_the_wire_and_nowhere_in_urllib3(waits: list[float]) -> None:
    params = {"search": "Änn & Ço", "tags[]": ["a b", "c/d"]}
    down = answer(b"{}", "503 Down")
    with (
        RawServer(down, b"", answer(b"[]")) as server,
        client_of(server.port) as client,
        all_records() as records,
    ):
        response = client.get("/orders?x=1", params=params)
    line = b"GET /api/v1/orders?x=1&search=%C3%84nn+%26+%C3%87o&tags%5B%5D=a+b&tags%5B%5D=c%2Fd"
    assert [request.split(b" HTTP")[0] for request in server.requests] == [line] * 3
    assert response.url.endswith(line.decode().removeprefix("GET "))
    texts = [record.getMessage() for record in records if record.name.startswith("urllib3")]
    assert any("/api/v1/orders" in text for text in texts)
    assert not any("search" in text or "?" in text for text in texts)
