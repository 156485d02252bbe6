"""Where the key, the base URL and other settings come from, and which of them are refused.

Each setting: argument, environment, `.env` (from the working directory upwards), and for the key
the password of `~/.netrc` for the base URL's host. Blank counts as missing.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import ipaddress
import os
import re
import select
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from requests.utils import get_environ_proxies, select_proxy, should_bypass_proxies
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from statuspro._logging import warn
from statuspro.errors import ConfigurationError
from statuspro.redaction import Sealed, Secret, sealed

DEFAULT_BASE_URL = "https://app.orderstatuspro.com/api/v1"

API_KEY = "STATUSPRO_API_KEY"
BASE_URL = "STATUSPRO_BASE_URL"
RATE_LIMIT = "STATUSPRO_RATE_LIMIT"
RATE_LIMIT_STORAGE = "STATUSPRO_RATE_LIMIT_STORAGE"

#: How the error begins that says that there is no key in any place.
NO_KEY = "No API key."

_UNUSABLE = r"[^\x21-\x7e]"

#: As the parser leaves it: in lower case, other scripts in ASCII.
_HOST = r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+(%[^\]]+)?\]"

#: Seconds. The process that fills a named pipe may have to ask its user first.
_PIPE_TIMEOUT = 30.0


class Settings:
    """The environment and the nearest `.env`, which is read when a setting asks for it, once.

    Attributes:
        is_url_of_dotenv: whether the base URL came out of the `.env`.
        key_from: names the place where the key was found.
    """

    def __init__(self) -> None:
        self.is_url_of_dotenv = False
        self.key_from = "the argument api_key"
        self._dotenv: DotEnv | None = None

    @property
    def dotenv(self) -> DotEnv:
        """The nearest `.env`."""
        if self._dotenv is None:
            self._dotenv = DotEnv(_nearest_dotenv())
        return self._dotenv

    def find(self, name: str, argument: str | None) -> str | None:
        """Finds a setting: the first of argument, environment and `.env` that is not blank.

        A `.env` that cannot be read holds nothing.

        Raises:
            ConfigurationError: the argument is no string.
        """
        given = _given(name, argument)
        return str(given) if given else self.dotenv.values.get(name)

    def origin_of(self, name: str) -> str | None:
        """Names the place where a setting is found that is no argument; None for nowhere."""
        if _given(name, None):
            return f"the environment variable {name}"
        return str(self.dotenv.path) if name in self.dotenv.values else None

    def credentials(self, api_key: str | None, base_url: str | None) -> tuple[Secret, str]:
        """Finds the API key, and the base URL that it is for, without a slash at its end.

        Raises:
            ConfigurationError: there is no key in any of the four places; the key or the base URL
                cannot be used; or the base URL may stand in a `.env` that cannot be read.
        """
        key, given = sealed(api_key), sealed(base_url)
        del api_key, base_url
        given = _given(BASE_URL, given)
        problem = None if given else self.dotenv.problem
        url = check_base_url(given or self._url_of_dotenv() or DEFAULT_BASE_URL)
        if self.is_url_of_dotenv:
            self._check_expansion(url)
        key = check_api_key(self._api_key(key, url))
        if problem:
            raise ConfigurationError(
                f"{problem} It may hold the base URL: make it readable, or give the argument "
                f"base_url or the environment variable {BASE_URL}."
            )
        return key, url

    def _url_of_dotenv(self) -> str | None:
        url = self.dotenv.values.get(BASE_URL)
        self.is_url_of_dotenv = url is not None
        return url

    def _check_expansion(self, base_url: str) -> None:
        """Refuses a URL that may carry a secret of the environment to where a `.env` leads."""
        dotenv = self.dotenv
        if BASE_URL in dotenv.expanded and not is_loopback(parse_url(base_url).host or ""):
            raise ConfigurationError(
                f"{BASE_URL} in {dotenv.path} is put together from other variables (${{…}}), which "
                "may be secrets of the environment. Write it out, or give the argument base_url."
            )

    def _api_key(self, argument: Secret | Sealed | None, base_url: str) -> Secret | Sealed:
        if isinstance(argument, Sealed) or (argument and argument.strip()):
            return argument
        host = parse_url(base_url).host or ""
        if self.is_url_of_dotenv and not is_loopback(host):
            return self._key_beside_the_url()
        key = _given(API_KEY, None) or self.dotenv.values.get(API_KEY)
        if key:
            self.key_from = self.origin_of(API_KEY) or ""
            return Secret(key)
        password, problem = _netrc_password(host)
        if password:
            self.key_from = str(_netrc())
            return password
        problems = [text for text in (self.dotenv.problem, problem) if text]
        message = (
            f"{NO_KEY} Give one of: the argument api_key, the environment variable {API_KEY}, "
            f"{API_KEY} in a .env file, or a password for {host} in ~/.netrc."
        )
        raise ConfigurationError(" ".join([message, *problems]))

    def _key_beside_the_url(self) -> Secret:
        """Finds the key beside the base URL in the `.env`: no other goes to where that URL leads.

        The file may be another person's, such as one in a folder that was unpacked or checked out.
        What is expanded in it can be a secret of the environment.
        """
        dotenv = self.dotenv
        key = dotenv.values.get(API_KEY)
        if key and API_KEY not in dotenv.expanded:
            self.key_from = str(dotenv.path)
            return Secret(key)
        raise ConfigurationError(
            f"{NO_KEY} The base URL comes from {dotenv.path}, so a key for it must be the "
            f"argument api_key, or {API_KEY} written out in the same file. A key of the "
            f"environment variable {API_KEY} or of ~/.netrc is not sent to where a .env leads."
        )


class DotEnv:
    """A `.env` as it was read.

    Args:
        path: the file; None for none.

    Attributes:
        path: the file.
        values: our settings in it that are not blank.
        expanded: the names of those that are put together from other variables.
        problem: a sentence on why it could not be read, without what it holds.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.values: dict[str, str] = {}
        self.expanded: set[str] = set()
        self.problem: str | None = None
        if path is not None:
            self._read(path)

    def _read(self, path: Path) -> None:
        # Imported where there is a file to read: it costs a tenth of the time to import requests.
        import io

        from dotenv import dotenv_values

        try:
            text = _content(path).decode("utf-8-sig")
        except UnicodeDecodeError:  # which holds what the file holds
            self.problem = f"{path} cannot be read: it is not UTF-8."
            return
        except OSError as error:
            self.problem = f"{path} cannot be read: {_reason(error)}."
            return
        written = dotenv_values(stream=io.StringIO(text), interpolate=False)
        expanded = dotenv_values(stream=io.StringIO(text)) if "${" in text else written
        for name, value in expanded.items():
            if name.startswith("STATUSPRO_") and value and value.strip():
                self.values[name] = Secret(value) if name in (API_KEY, BASE_URL) else value
                if value != written[name]:
                    self.expanded.add(name)


def check_api_key(key: str | Sealed) -> Secret:
    """Checks that the key can be sent as a bearer token, and seals it.

    Raises:
        ConfigurationError: it is empty or has white space, control or non-ASCII characters.
    """
    key = sealed(key)
    if not isinstance(key, Secret):
        raise ConfigurationError(f"The API key must be a str, not {_kind(key)}.")
    if not key.strip():
        raise ConfigurationError("The API key is empty.")
    if key != key.strip():
        raise ConfigurationError(
            "The API key has white space around it. Was it read from a file with a trailing "
            "newline? Strip it."
        )
    if re.search(_UNUSABLE, key):
        raise ConfigurationError(
            "The API key has white space, control or non-ASCII characters and cannot be sent."
        )
    return key


def check_base_url(base_url: str) -> str:
    """Checks the base URL, and takes away the slash at its end.

    Raises:
        ConfigurationError: it is not `http(s)://host[:port][/path]`.
    """
    base_url = sealed(base_url)  # a refused one may hold credentials
    if fault := _fault_of(base_url):
        raise ConfigurationError(fault)
    return str(base_url).rstrip("/")


def _fault_of(base_url: object) -> str | None:
    if not isinstance(base_url, Secret):
        return f"The base URL must be a str, not {_kind(base_url)}."
    if re.search(r"[\s\x00-\x1f\x7f\\]", base_url):
        return "The base URL has white space or control characters."
    try:
        url = parse_url(base_url)
    except LocationParseError:  # whose text would show the URL
        return "The base URL cannot be parsed."
    if url.scheme not in ("http", "https") or not re.fullmatch(_HOST, url.host or ""):
        return (
            "The base URL needs a scheme and a host, such as https://app.orderstatuspro.com/api/v1."
        )
    if url.auth is not None or url.query is not None or url.fragment is not None:
        return "The base URL must not hold credentials, a query or a fragment."
    return None


def check_bearer_url(base_url: str) -> None:
    """Refuses to send a bearer over plain http to anything but this machine.

    Raises:
        ConfigurationError: the key could be read on the way.
    """
    url = parse_url(base_url)
    if url.scheme == "http" and not is_loopback(url.host or ""):
        raise ConfigurationError(
            f"The key would travel unencrypted to {url.host}: use https (plain http is for "
            "loopback addresses only)."
        )


def is_loopback(host: str) -> bool:
    """Tells whether the host is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def proxies_for(
    url: str, arguments: Sequence[Mapping[str, Any] | None], *, trust_env: bool
) -> dict[str, str]:
    """Finds the proxy for a URL, in a dict as requests takes it; empty for none.

    The first argument that says anything of the URL decides, also by None or an empty string. Only
    then the environment is asked, and never for plain http to this machine: the proxy would read
    the key.

    Args:
        url: of a request.
        arguments: `proxies` of the request and of the client, in this order. A `no_proxy` in them
            is a list of hosts that no proxy is for, as in the environment.
        trust_env: whether the environment is asked at all.
    """
    parts = parse_url(url)
    scheme, host = parts.scheme or "", parts.host or ""
    given = [proxies for proxies in arguments if proxies]
    no_proxy = next((proxies["no_proxy"] for proxies in given if "no_proxy" in proxies), None)
    for proxies in given:
        for name in (f"{scheme}://{host}", scheme, f"all://{host}", "all"):
            if name in proxies:
                is_passed = no_proxy is not None and should_bypass_proxies(url, no_proxy)
                return {} if is_passed or not proxies[name] else {scheme: proxies[name]}
    if not trust_env or (scheme == "http" and is_loopback(host)):
        return {}
    proxy = select_proxy(url, get_environ_proxies(url, no_proxy))
    return {scheme: proxy} if proxy else {}


def certificates_for(arguments: Iterable[Any], *, trust_env: bool) -> Any:
    """Finds what certificates are checked by: the path of a bundle, True (the usual) or False.

    The first argument that is not None decides. `True` is no bundle: the environment may name it.

    Args:
        arguments: `verify` of the request and of the client, in this order.
        trust_env: whether the environment is asked at all.
    """
    verify = next((argument for argument in arguments if argument is not None), True)
    if verify is not True or not trust_env:
        return verify
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _given(name: str, argument: str | None) -> Secret | None:
    """Finds the first of argument and environment that is not blank."""
    given = sealed(argument)
    del argument
    if isinstance(given, Sealed):
        raise ConfigurationError(f"{name} must be a str, not {given.kind}.")
    for value in (given, sealed(os.environ.get(name))):
        if value and value.strip():
            return Secret(value)
    return None


def _kind(value: object) -> str:
    return value.kind if isinstance(value, Sealed) else type(value).__name__


def _nearest_dotenv() -> Path | None:
    try:
        folder = Path.cwd()
    except OSError:  # it was removed, which does not matter to a daemon
        return None
    for path in (candidate / ".env" for candidate in (folder, *folder.parents)):
        try:
            mode = os.stat(path).st_mode
        except OSError:  # it is not there, or the folder may not be looked into
            continue
        if stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
            return path
    return None


def _content(path: Path) -> bytes:
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        return path.read_bytes()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return _drained(descriptor, time.monotonic() + _PIPE_TIMEOUT)
    finally:
        os.close(descriptor)


def _drained(descriptor: int, deadline: float) -> bytes:
    """Reads a named pipe to its end; password managers serve one in the place of a `.env`."""
    content = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], left)[0]:
            continue
        part = os.read(descriptor, 65536)
        if not part and content:
            return content
        if not part:  # no process has opened the other end yet, on systems where that is readable
            time.sleep(0.01)
        content += part
    raise TimeoutError(errno.ETIMEDOUT, "no process writes to this pipe")


def _netrc_password(host: str) -> tuple[Secret | None, str | None]:
    """Reads the password for the host; or gives a sentence on why the file cannot be read."""
    import netrc  # only where it is needed: an import takes time

    path = _netrc()
    try:
        # Not `authenticators()`: a `default` entry is meant for other hosts than ours.
        entry = netrc.netrc(str(path)).hosts.get(host)
    except FileNotFoundError:
        return None, f"{path} does not exist." if os.environ.get("NETRC") else None
    except OSError as error:
        return None, f"{path} cannot be read: {_reason(error)}."
    except (UnicodeDecodeError, netrc.NetrcParseError) as error:
        return None, f"{path} cannot be read: {_netrc_fault(path, error)}."
    password = (entry[2] or "").strip() if entry else ""
    if password and os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        warn(f"{path} holds the API key and can be read by others: chmod 600 {path}")
    return Secret(password) if password else None, None


def _netrc() -> Path:
    return Path(os.path.expanduser(os.environ.get("NETRC") or "~/.netrc"))


def _netrc_fault(path: Path, error: Exception) -> str:
    """Says what is wrong with the file, without the parser's words, which repeat what it holds."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        if file.read(3) == codecs.BOM_UTF8:
            return "it begins with a byte order mark"
    line = getattr(error, "lineno", None)
    return f"it is not understood near line {line}" if line else "it is not UTF-8"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
