"""Where the key and the base URL come from, and which of them are refused.

Each setting: argument, environment, `.env` (from the working directory upwards), and for the key
the password of `~/.netrc` for the base URL's host. Blank counts as missing.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from statuspro._logging import warn
from statuspro.errors import ConfigurationError

DEFAULT_BASE_URL = "https://app.orderstatuspro.com/api/v1"

API_KEY = "STATUSPRO_API_KEY"
BASE_URL = "STATUSPRO_BASE_URL"
RATE_LIMIT_STORAGE = "STATUSPRO_RATE_LIMIT_STORAGE"

_UNUSABLE = r"[^\x21-\x7e]"

#: As the parser leaves it: in lower case, other scripts in ASCII.
_HOST = r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+(%[^\]]+)?\]"


def find_api_key(api_key: str | None, base_url: str) -> str:
    """The API key for `base_url`.

    Raises:
        ConfigurationError: no key in any of the four places, or one that cannot be sent.
    """
    key = find_setting(API_KEY, api_key) or _netrc_password(base_url)
    if not key:
        raise ConfigurationError(
            f"No API key. Give one of: the argument api_key, the environment variable {API_KEY}, "
            f"{API_KEY} in a .env file, or a password for {parse_url(base_url).host} in ~/.netrc."
        )
    return check_api_key(key)


def find_base_url(base_url: str | None) -> str:
    """The base URL, without a slash at its end.

    Raises:
        ConfigurationError: it has no scheme or host, or something that a base URL cannot have.
    """
    return check_base_url(find_setting(BASE_URL, base_url) or DEFAULT_BASE_URL)


def find_setting(name: str, argument: str | None) -> str | None:
    """The first that is not blank: argument, environment, `.env`."""
    if argument is not None and not isinstance(argument, str):
        raise ConfigurationError(f"{name} must be a str, not {type(argument).__name__}.")
    for value in (argument, os.environ.get(name)):
        if value and value.strip():
            return value
    return _dotenv_value(name)


def check_api_key(key: str) -> str:
    """The key, if it can be sent as a bearer token; it is never shown.

    Raises:
        ConfigurationError: it is empty or has white space, control or non-ASCII characters.
    """
    if not isinstance(key, str):
        raise ConfigurationError(f"The API key must be a str, not {type(key).__name__}.")
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
    """The base URL without a slash at its end, if it is one.

    Raises:
        ConfigurationError: it is not `http(s)://host[:port][/path]`.
    """
    if not isinstance(base_url, str):
        raise ConfigurationError(f"The base URL must be a str, not {type(base_url).__name__}.")
    if re.search(r"[\s\x00-\x1f\x7f\\]", base_url):
        raise ConfigurationError("The base URL has white space or control characters.")
    url = _parse(base_url)
    if url.scheme not in ("http", "https") or not re.fullmatch(_HOST, url.host or ""):
        raise ConfigurationError(
            "The base URL needs a scheme and a host, such as https://app.orderstatuspro.com/api/v1."
        )
    if url.auth is not None or url.query is not None or url.fragment is not None:
        raise ConfigurationError("The base URL must not hold credentials, a query or a fragment.")
    return base_url.rstrip("/")


def check_bearer_url(base_url: str) -> None:
    """Refuses to send a bearer over plain http to anything but this machine.

    Raises:
        ConfigurationError: the key could be read on the way.
    """
    url = _parse(base_url)
    if url.scheme == "http" and not _is_loopback(url.host or ""):
        raise ConfigurationError(
            f"The key would travel unencrypted to {url.host}: use https (plain http is for "
            "loopback addresses only)."
        )


def _parse(base_url: str) -> Url:
    try:
        return parse_url(base_url)
    except LocationParseError:
        pass  # its text would show the URL, credentials included
    raise ConfigurationError("The base URL cannot be parsed.")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _dotenv_value(name: str) -> str | None:
    try:
        folder = Path.cwd()
    except OSError:  # it was removed, which does not matter to a daemon
        return None
    for path in (candidate / ".env" for candidate in (folder, *folder.parents)):
        if os.path.isfile(path):  # Path.is_file() raises where a folder may not be looked into
            return _read_dotenv(path).get(name)
    return None


def _read_dotenv(path: Path) -> dict[str, str]:
    # Imported where there is a file to read: it costs a tenth of the time to import requests.
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, encoding="utf-8-sig")
        return {name: value for name, value in values.items() if value and value.strip()}
    except (OSError, UnicodeDecodeError) as error:
        problem = type(error).__name__  # and no more of it: it may hold what the file holds
    raise ConfigurationError(f"{path} cannot be read: {problem}.")


def _netrc_password(base_url: str) -> str | None:
    import netrc  # only where it is needed: an import takes time

    path = Path(os.path.expanduser(os.environ.get("NETRC") or "~/.netrc"))
    try:
        # Not `authenticators()`: a `default` entry is meant for other hosts than ours.
        entry = netrc.netrc(str(path)).hosts.get(parse_url(base_url).host or "")
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
        return None
    password = (entry[2] or "").strip() if entry else ""
    if password and os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        warn(f"{path} holds the API key and can be read by others: chmod 600 {path}")
    return password or None
