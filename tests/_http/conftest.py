"""What the tests over TLS share; making certificates takes time."""

from __future__ import annotations

import pytest
import trustme

from tests.support.certificates import TLS, serving


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def tls(authority: trustme.CA, bundle: str) -> TLS:
    return serving(authority), bundle
