"""truststore: certificates are checked by the system, in place of ssl's own contexts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import trustme

from tests.support.certificates import serving
from tests.support.paths import ROOT
from tests.support.servers import RawServer, answer

PROGRAM = """
import sys
import truststore
truststore.inject_into_ssl()
from statuspro import APIConnectionError, StatusProClient

url, bundle = sys.argv[1:]
options = {"rate_limit": None, "trust_env": False, "max_retries": 0}
with StatusProClient("key", url, verify=bundle, **options) as client:
    assert client.get("/orders").json() == [1]
with StatusProClient("key", url, **options) as client:
    try:
        client.post("/orders/7/comment", json={})
    except APIConnectionError as error:
        assert not error.maybe_applied, error
        assert "secure" in str(error), error
    else:
        raise SystemExit("the certificate was taken")
"""


def test_certificates_are_checked_by_the_system(tmp_path: Path) -> None:
    authority, bundle = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with RawServer(answer(b"[1]"), tls=serving(authority)) as server:
        url = f"https://127.0.0.1:{server.port}/api/v1"
        command = [sys.executable, "-c", PROGRAM, url, str(bundle)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
