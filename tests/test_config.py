"""The four places of the settings, in their order, and what is refused of what they hold."""

import os
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from statuspro.config import (
    DEFAULT_BASE_URL,
    check_api_key,
    check_base_url,
    check_bearer_url,
    find_api_key,
    find_base_url,
    find_setting,
)
from statuspro.errors import ConfigurationError

pytestmark = pytest.mark.usefixtures("away")

HOST = "app.orderstatuspro.com"

Place = Callable[[str], None]


@pytest.fixture
def netrc(away: Path) -> Callable[[str], Path]:
    """Writes the `.netrc` of the test's home."""

    def write(text: str) -> Path:
        path = Path.home() / ".netrc"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


def write_dotenv(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


# The key


def test_the_argument_comes_first(
    away: Path, monkeypatch: pytest.MonkeyPatch, netrc: Callable[[str], Path]
) -> None:
    netrc(f"machine {HOST} login key password from-netrc\n")
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-netrc"
    write_dotenv(away, "STATUSPRO_API_KEY=from-dotenv\n")
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-dotenv"
    monkeypatch.setenv("STATUSPRO_API_KEY", "from-environment")
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-environment"
    assert find_api_key("from-argument", DEFAULT_BASE_URL) == "from-argument"


@pytest.mark.parametrize("blank", ["", " ", "\n", "\t \n"])
def test_blank_counts_as_missing(
    blank: str, away: Path, monkeypatch: pytest.MonkeyPatch, netrc: Callable[[str], Path]
) -> None:
    netrc(f"machine {HOST} login key password from-netrc\n")
    write_dotenv(away, f'STATUSPRO_API_KEY="{blank}"\n')
    monkeypatch.setenv("STATUSPRO_API_KEY", blank)
    assert find_api_key(blank, DEFAULT_BASE_URL) == "from-netrc"


def test_without_a_key_the_four_places_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_api_key(None, "https://shop.test/api")
    for place in ("api_key", "environment variable STATUSPRO_API_KEY", ".env", "~/.netrc"):
        assert place in str(caught.value)
    assert "shop.test" in str(caught.value)


def test_a_key_that_is_no_string_is_refused() -> None:
    key: Any = b"key-1"
    with pytest.raises(ConfigurationError, match="must be a str, not bytes"):
        find_api_key(key, DEFAULT_BASE_URL)
    with pytest.raises(ConfigurationError, match="must be a str, not bytes"):
        check_api_key(key)


@pytest.mark.parametrize("key", ["key-1", "1|aBcD/+=~.", "!", "~"])
def test_a_key_of_visible_ascii_is_taken(key: str) -> None:
    assert check_api_key(key) == key


@pytest.mark.parametrize(
    "key",
    ["key 1", "key\t1", "key\r\nX-Evil: 1", "key\x001", "key\x7f", "kéy", "key\u200b", "k\u2028y"],
)
def test_a_key_that_cannot_be_sent_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be sent") as caught:
        check_api_key(key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["key-1\n", "key-1\r\n", " key-1", "key-1 ", "\ufeffkey-1 "])
def test_a_key_with_white_space_around_it_gives_a_hint(key: str) -> None:
    with pytest.raises(ConfigurationError, match="trailing newline") as caught:
        check_api_key(key)
    assert "key-1" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "  \n"])
def test_an_empty_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        check_api_key(key)


def test_a_key_of_the_environment_is_not_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPRO_API_KEY", "key-1\n")
    with pytest.raises(ConfigurationError, match="trailing newline"):
        find_api_key(None, DEFAULT_BASE_URL)


# The base URL


def test_the_base_url_is_found_like_the_key(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_base_url(None) == "https://app.orderstatuspro.com/api/v1"
    write_dotenv(away, "STATUSPRO_BASE_URL=https://dotenv.test/api\n")
    assert find_base_url(None) == "https://dotenv.test/api"
    monkeypatch.setenv("STATUSPRO_BASE_URL", "https://environment.test/api")
    assert find_base_url(None) == "https://environment.test/api"
    assert find_base_url("https://argument.test/api") == "https://argument.test/api"


def test_a_blank_base_url_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPRO_BASE_URL", "  ")
    assert find_base_url("") == DEFAULT_BASE_URL


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.test", "https://shop.test"),
        ("https://shop.test/", "https://shop.test"),
        ("https://shop.test/api/v1//", "https://shop.test/api/v1"),
        ("https://shop.test:8443/api", "https://shop.test:8443/api"),
        ("HTTPS://Shop.Test/Api", "HTTPS://Shop.Test/Api"),
        ("http://127.0.0.1:8900/api/v1", "http://127.0.0.1:8900/api/v1"),
        ("https://[2001:db8::1]:8443/api", "https://[2001:db8::1]:8443/api"),
        ("https://shop_1.test./", "https://shop_1.test."),
        ("https://münchen.test/api", "https://münchen.test/api"),
    ],
)
def test_a_base_url_keeps_all_but_slashes_at_its_end(given: str, kept: str) -> None:
    assert check_base_url(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        *("app.orderstatuspro.com/api/v1", "//shop.test", "/api/v1", "https://", "https:///api"),
        *(
            "https:shop.test",
            "ftp://shop.test",
            "file:///etc/passwd",
            "socks5://shop.test",
            "https",
        ),
        *(
            "https://.test",
            "https://sh{p.test",
            "https://shop..test",
            "https://*.test",
            "https://" + "a" * 64 + ".test",
        ),
    ],
)
def test_a_base_url_without_scheme_or_host_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="scheme and a host"):
        check_base_url(url)


@pytest.mark.parametrize(
    "url", ["https://shop.test:port", "https://shop.test:99999", "https://[::1", "https://[::1]x"]
)
def test_a_base_url_that_cannot_be_parsed_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be parsed"):
        check_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://ann:secret@shop.test/", "https://ann@shop.test/", "https://:secret@shop.test/"),
        *("https://shop.test/?x=secret", "https://shop.test/?", "https://shop.test/#secret"),
        "https://shop.test#",
    ],
)
def test_a_base_url_with_credentials_query_or_fragment_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="credentials, a query or a fragment") as caught:
        check_base_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("https://shop.test/ api", " https://shop.test", "https://shop.test\n", "https://a\x00b"),
        *("https://shop.test\\@evil.test", "https:\\\\shop.test", "https://shop.test\x7f"),
    ],
)
def test_a_base_url_with_white_space_or_backslashes_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="white space or control characters"):
        check_base_url(url)


def test_a_base_url_that_is_no_string_is_refused() -> None:
    url: Any = b"https://shop.test"
    with pytest.raises(ConfigurationError, match="must be a str, not bytes"):
        check_base_url(url)
    with pytest.raises(ConfigurationError, match="must be a str, not bytes"):
        find_base_url(url)


@pytest.mark.parametrize("url", ["https://ann:secret@[", "https://ann:secret@shop.test:port"])
def test_a_refused_base_url_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_base_url(url)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


# Plain http


@pytest.mark.parametrize(
    "url",
    [
        *("https://shop.test", "http://localhost", "http://LocalHost:8900/api", "http://127.0.0.1"),
        *("http://127.8.9.1:1/", "http://[::1]:8900"),
    ],
)
def test_a_bearer_may_travel_by_https_and_on_this_machine(url: str) -> None:
    check_bearer_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.test/api", "http://192.168.0.7", "http://0.0.0.0", "http://[2001:db8::1]"),
        *("http://localhost.evil.test", "http://127.0.0.1.evil.test", "http://128.0.0.1"),
        *("HTTP://shop.test", "http://10.0.0.1:443", "http://2130706433"),
    ],
)
def test_a_bearer_does_not_travel_by_plain_http(url: str) -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        check_bearer_url(url)


# .env


def test_dotenv_is_looked_for_upwards(away: Path) -> None:
    write_dotenv(away.parent.parent, "STATUSPRO_API_KEY=from-above\n")
    assert find_setting("STATUSPRO_API_KEY", None) == "from-above"
    write_dotenv(away, "STATUSPRO_API_KEY=from-here\n")
    assert find_setting("STATUSPRO_API_KEY", None) == "from-here"


def test_the_nearest_dotenv_is_the_only_one(away: Path) -> None:
    write_dotenv(away.parent, "STATUSPRO_API_KEY=from-above\n")
    write_dotenv(away, "OTHER=1\n")
    assert find_setting("STATUSPRO_API_KEY", None) is None


def test_nothing_is_found_where_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd().anchor)
    assert find_setting("STATUSPRO_TESTS_OF_NOBODY", None) is None


def test_dotenv_leaves_the_environment_as_it_is(away: Path) -> None:
    write_dotenv(away, "STATUSPRO_API_KEY=from-dotenv\nSTATUSPRO_OTHER=1\n")
    before = dict(os.environ)
    assert find_setting("STATUSPRO_API_KEY", None) == "from-dotenv"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "text",
    [
        "STATUSPRO_API_KEY=key-1\n",
        "export STATUSPRO_API_KEY=key-1",
        "# a comment\n\nSTATUSPRO_API_KEY = 'key-1'  # the shop's\n",
        'STATUSPRO_API_KEY="key-1"\r\n',
        "\ufeffSTATUSPRO_API_KEY=key-1\n",
        "STATUSPRO_API_KEY=key-0\nSTATUSPRO_API_KEY=key-1\n",
    ],
)
def test_dotenv_is_read_as_it_is_written(text: str, away: Path) -> None:
    write_dotenv(away, text)
    assert find_setting("STATUSPRO_API_KEY", None) == "key-1"


@pytest.mark.parametrize("text", ["STATUSPRO_API_KEY\n", "STATUSPRO_API_KEY=\n", ""])
def test_dotenv_without_a_value_has_none(text: str, away: Path) -> None:
    write_dotenv(away, text)
    assert find_setting("STATUSPRO_API_KEY", None) is None


def test_a_folder_that_is_called_dotenv_is_passed(away: Path) -> None:
    (away / ".env").mkdir()
    write_dotenv(away.parent, "STATUSPRO_API_KEY=from-above\n")
    assert find_setting("STATUSPRO_API_KEY", None) == "from-above"


def test_dotenv_that_is_no_text_is_refused_without_showing_it(away: Path) -> None:
    (away / ".env").write_bytes(b"STATUSPRO_API_KEY=key-3f9a\xff\n")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read") as caught:
        find_setting("STATUSPRO_API_KEY", None)
    assert caught.value.__context__ is None
    assert "3f9a" not in "".join(traceback.format_exception(caught.value))


def test_dotenv_that_may_not_be_read_is_refused(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError

    write_dotenv(away, "STATUSPRO_API_KEY=key-1\n")
    monkeypatch.setattr("dotenv.dotenv_values", refuse)  # root may read everything
    with pytest.raises(ConfigurationError, match="PermissionError"):
        find_setting("STATUSPRO_API_KEY", None)


def test_dotenv_is_not_read_where_it_is_not_needed(away: Path) -> None:
    (away / ".env").write_bytes(b"\xff")
    assert find_setting("STATUSPRO_API_KEY", "from-argument") == "from-argument"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder that a process works in")
def test_a_working_directory_that_was_removed_holds_nothing(away: Path) -> None:
    away.rmdir()
    assert find_setting("STATUSPRO_API_KEY", None) is None
    assert find_base_url(None) == DEFAULT_BASE_URL


def test_a_folder_that_may_not_be_looked_into_holds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*args: object, **kwargs: object) -> os.stat_result:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)  # which root may do everywhere
        found = find_setting("STATUSPRO_API_KEY", None)
    assert found is None


# .netrc


def test_netrc_is_asked_for_the_host_of_the_base_url(netrc: Callable[[str], Path]) -> None:
    netrc(
        "machine other.test login key password other-key\n"
        "machine shop.test login key password shop-key\n"
    )
    assert find_api_key(None, "https://Shop.Test:8443/api") == "shop-key"
    with pytest.raises(ConfigurationError, match="No API key"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_stands_where_the_environment_says(
    away: Path, netrc: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc(f"machine {HOST} login key password from-home\n")
    path = away / "other-netrc"
    path.write_text(f"machine {HOST} login key password from-elsewhere\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-elsewhere"


def test_netrc_may_be_named_by_the_home(
    netrc: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc(f"machine {HOST} login key password from-home\n")
    monkeypatch.setenv("NETRC", "~/.netrc")
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-home"
    monkeypatch.setenv("NETRC", "")
    assert find_api_key(None, DEFAULT_BASE_URL) == "from-home"


def test_a_home_that_nobody_knows_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", "~nobody-of-that-name/.netrc")
    with pytest.raises(ConfigurationError, match="No API key"):
        find_api_key(None, DEFAULT_BASE_URL)


@pytest.mark.parametrize(
    "text",
    [
        "default login ann password not-ours\n",
        "machine other.test login ann password not-ours\ndefault login ann password not-ours\n",
        f"machine {HOST} login\n",
        "this is no netrc\n",
        "",
    ],
)
def test_netrc_without_an_entry_of_the_host_holds_no_key(
    text: str, netrc: Callable[[str], Path]
) -> None:
    netrc(text)
    with pytest.raises(ConfigurationError, match="No API key"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_that_is_no_text_holds_no_key(netrc: Callable[[str], Path]) -> None:
    netrc("").write_bytes(b"machine \xff\xfe\x81 login \x8d password \xff\n")
    with pytest.raises(ConfigurationError, match="No API key"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_that_is_a_folder_holds_no_key(monkeypatch: pytest.MonkeyPatch, away: Path) -> None:
    monkeypatch.setenv("NETRC", str(away))
    with pytest.raises(ConfigurationError, match="No API key"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_a_password_that_cannot_be_sent_is_refused(netrc: Callable[[str], Path]) -> None:
    netrc(f"machine {HOST} login key password kéy-3f9a\n")
    with pytest.raises(ConfigurationError) as caught:  # up to 3.10 it is not even read
        find_api_key(None, DEFAULT_BASE_URL)
    assert "3f9a" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_netrc_that_others_may_read_warns(mode: int, netrc: Callable[[str], Path]) -> None:
    netrc(f"machine {HOST} login key password key-3f9a\n").chmod(mode)
    with pytest.warns(UserWarning, match="chmod 600") as caught:
        assert find_api_key(None, DEFAULT_BASE_URL) == "key-3f9a"
    assert "3f9a" not in str(caught[0].message)
    assert len(caught) == 1


def test_netrc_of_ones_own_does_not_warn(netrc: Callable[[str], Path]) -> None:
    netrc(f"machine {HOST} login key password key-1\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_api_key(None, DEFAULT_BASE_URL) == "key-1"


def test_netrc_that_holds_no_key_of_ours_does_not_warn(netrc: Callable[[str], Path]) -> None:
    netrc("machine other.test login key password key-1\n").chmod(0o644)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConfigurationError, match="No API key"):
            find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_is_not_opened_where_it_is_not_needed(netrc: Callable[[str], Path]) -> None:
    netrc(f"machine {HOST} login key password key-1\n").chmod(0o644)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_api_key("from-argument", DEFAULT_BASE_URL) == "from-argument"


# Any setting


def test_a_setting_that_is_nowhere_is_none() -> None:
    assert find_setting("STATUSPRO_RATE_LIMIT_STORAGE", None) is None


def test_a_setting_is_given_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT_STORAGE", " sqlite:///x ")
    assert find_setting("STATUSPRO_RATE_LIMIT_STORAGE", None) == " sqlite:///x "
    assert find_setting("STATUSPRO_RATE_LIMIT_STORAGE", "a") == "a"
