"""The four places of the settings, in their order, and what is refused of what they hold."""

import contextlib
import os
import pickle
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from statuspro import RateLimit, StatusProClient
from statuspro.auth import BearerAuth
from statuspro.config import (
    DEFAULT_BASE_URL,
    Settings,
    check_api_key,
    check_base_url,
    check_bearer_url,
)
from statuspro.errors import ConfigurationError
from tests.support.pages import DOCS, blocks_of

PAGE = DOCS / "configuration.rst"

pytestmark = pytest.mark.usefixtures("away")

HOST = "app.orderstatuspro.com"

Place = Callable[[str], None]


def find_api_key(argument: Any, base_url: str) -> str:
    return Settings().credentials(argument, base_url)[0]


def find_base_url(argument: Any) -> str:
    return Settings().credentials("key-1", argument)[1]


def find_setting(name: str, argument: str | None) -> str | None:
    return Settings().find(name, argument)


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


UNREADABLE = b"STATUSPRO_API_KEY=key-3f9a\xff\n"


def test_dotenv_that_is_no_text_holds_nothing(away: Path) -> None:
    (away / ".env").write_bytes(UNREADABLE)
    assert find_setting("STATUSPRO_RATE_LIMIT_STORAGE", None) is None
    with pytest.raises(ConfigurationError, match="No API key") as caught:
        find_api_key(None, DEFAULT_BASE_URL)
    assert f"{away / '.env'} cannot be read: it is not UTF-8." in str(caught.value)
    assert caught.value.__context__ is None
    assert "3f9a" not in "".join(traceback.format_exception(caught.value))


def test_dotenv_that_may_not_be_read_says_so(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write_dotenv(away, "STATUSPRO_API_KEY=key-1\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read: Permission denied"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_what_is_not_needed_does_not_fail(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (away / ".env").write_bytes(UNREADABLE)
    with StatusProClient("key-1", "https://shop.test") as client:
        assert client.rate_limit is not None
        assert client.rate_limit_storage is None
    monkeypatch.setenv("STATUSPRO_BASE_URL", "https://shop.test")
    monkeypatch.setenv("STATUSPRO_API_KEY", "key-1")
    StatusProClient().close()


def test_a_base_url_that_may_stand_in_an_unreadable_dotenv_is_not_guessed(away: Path) -> None:
    (away / ".env").write_bytes(UNREADABLE)
    with pytest.raises(ConfigurationError, match="may hold the base URL") as caught:
        StatusProClient("key-1")
    assert "STATUSPRO_BASE_URL" in str(caught.value)


def test_the_storage_is_looked_up_only_where_pacing_is_on(away: Path) -> None:
    write_dotenv(away, "STATUSPRO_RATE_LIMIT_STORAGE=mysql://shop.test\n")
    with (
        StatusProClient("key-1", "https://shop.test", rate_limit=None) as client,
        pytest.raises(ConfigurationError, match="rate_limit_storage"),
    ):
        client.with_options(rate_limit=RateLimit())
    with pytest.raises(ConfigurationError, match="rate_limit_storage"):
        StatusProClient("key-1", "https://shop.test")


# .env as a named pipe, as password managers serve it


class ServedPipe:
    """Writes a text into a named pipe for each time that it is opened."""

    def __init__(self, path: Path, text: str) -> None:
        os.mkfifo(path)
        self.reads = 0
        self._path, self._text = path, text
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "ServedPipe":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        while self._thread.is_alive():
            os.close(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK))
            self._thread.join(0.01)

    def _serve(self) -> None:
        while True:
            with contextlib.suppress(BrokenPipeError), open(self._path, "w") as pipe:
                if self._stopping.is_set():
                    return
                self.reads += 1
                for part in self._text.splitlines(keepends=True):
                    pipe.write(part)
                    pipe.flush()
            time.sleep(0.02)  # the reader is to see the end before the next beginning


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in its folders")
def test_dotenv_as_a_named_pipe_is_read_once(away: Path) -> None:
    text = (
        "STATUSPRO_API_KEY=key-1\nSTATUSPRO_BASE_URL=https://shop.test\n"
        "STATUSPRO_RATE_LIMIT_STORAGE=sqlite:///budget.db\n"
    )
    with ServedPipe(away / ".env", text) as pipe:
        with StatusProClient() as client:
            assert client.base_url == "https://shop.test"
            assert client.rate_limit_storage == "sqlite:///budget.db"
            assert isinstance(client.auth, BearerAuth)
            assert client.auth.token == "key-1"
            client.with_options(rate_limit=RateLimit(10, 5))
        assert pipe.reads == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in its folders")
def test_a_named_pipe_that_no_process_fills_holds_nobody_up(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statuspro.config._PIPE_TIMEOUT", 0.05)
    os.mkfifo(away / ".env")
    StatusProClient("key-1", "https://shop.test").close()
    with pytest.raises(ConfigurationError, match="no process writes to this pipe"):
        find_api_key(None, DEFAULT_BASE_URL)


# A base URL out of a .env


@pytest.fixture
def keys_elsewhere(
    netrc: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    netrc("machine elsewhere.test login key password netrc-3f9a\n")
    monkeypatch.setenv("STATUSPRO_API_KEY", "environment-3f9a")
    return lambda: monkeypatch.delenv("STATUSPRO_API_KEY", raising=False)


def test_a_base_url_of_dotenv_gets_no_key_from_elsewhere(
    away: Path, keys_elsewhere: Callable[[], None]
) -> None:
    path = write_dotenv(away, "STATUSPRO_BASE_URL=https://elsewhere.test\n")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="No API key") as caught:
            StatusProClient()
        for word in (str(path), "api_key", "STATUSPRO_API_KEY", "~/.netrc"):
            assert word in str(caught.value)
        assert "3f9a" not in str(caught.value)
        keys_elsewhere()  # which leaves that of .netrc
    assert Settings().credentials("argument", None) == ("argument", "https://elsewhere.test")


@pytest.mark.usefixtures("keys_elsewhere")
def test_a_base_url_of_dotenv_gets_the_key_beside_it(away: Path) -> None:
    write_dotenv(away, "STATUSPRO_BASE_URL=https://elsewhere.test\nSTATUSPRO_API_KEY=beside\n")
    assert Settings().credentials(None, None) == ("beside", "https://elsewhere.test")
    # An argument or the environment says where to: then the keys are taken in their order.
    assert find_api_key(None, "https://elsewhere.test") == "environment-3f9a"


@pytest.mark.usefixtures("keys_elsewhere")
@pytest.mark.parametrize("url", ["http://127.0.0.1:8900/api", "https://localhost", "http://[::1]"])
def test_a_loopback_url_of_dotenv_gets_any_key(url: str, away: Path) -> None:
    write_dotenv(away, f"STATUSPRO_BASE_URL={url}\n")
    assert Settings().credentials(None, None) == ("environment-3f9a", url)


@pytest.mark.usefixtures("keys_elsewhere")
@pytest.mark.parametrize(
    "text",
    [
        "STATUSPRO_BASE_URL=https://elsewhere.test/${STATUSPRO_API_KEY}\nSTATUSPRO_API_KEY=k\n",
        "STATUSPRO_BASE_URL=https://elsewhere.test\nSTATUSPRO_API_KEY=${STATUSPRO_API_KEY}\n",
        "A=${STATUSPRO_API_KEY}\nSTATUSPRO_BASE_URL=https://elsewhere.test\nSTATUSPRO_API_KEY=${A}\n",
    ],
)
def test_dotenv_does_not_draw_a_key_out_of_the_environment(text: str, away: Path) -> None:
    write_dotenv(away, text)
    with pytest.raises(ConfigurationError) as caught:
        Settings().credentials(None, None)
    assert "3f9a" not in str(caught.value)
    if "test/$" in text:
        with pytest.raises(ConfigurationError, match="put together"):
            Settings().credentials("argument", None)


def test_dotenv_expands_variables_where_no_key_is_at_stake(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8900")
    write_dotenv(away, "STATUSPRO_BASE_URL=http://127.0.0.1:${PORT}\nSTATUSPRO_API_KEY=k-${PORT}\n")
    assert Settings().credentials(None, None) == ("k-8900", "http://127.0.0.1:8900")


def test_a_pickled_client_takes_no_url_of_dotenv_for_an_argument(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dotenv(
        away, "STATUSPRO_BASE_URL=https://elsewhere.test\nSTATUSPRO_API_KEY=beside\n"
    )
    data = pickle.dumps(StatusProClient())
    monkeypatch.setenv("STATUSPRO_API_KEY", "environment-3f9a")
    again = pickle.loads(data)
    assert (again.base_url, again.auth.token) == ("https://elsewhere.test", "beside")
    path.unlink()
    with pytest.raises(ConfigurationError, match=r"talked to https://elsewhere\.test"):
        pickle.loads(data)


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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"machine {HOST} login key password key-3f9a\nmachine x passwort 3f9a\n", "near line 2"),
        (f"3f9a\nmachine {HOST} login key password key-3f9a\n", "near line "),
        (f"\ufeffmachine {HOST} login key password key-3f9a\n", "byte order mark"),
    ],
)
def test_netrc_that_is_not_understood_says_so(
    content: str, why: str, netrc: Callable[[str], Path]
) -> None:
    path = netrc(content)
    with pytest.raises(ConfigurationError, match="No API key") as caught:
        find_api_key(None, DEFAULT_BASE_URL)
    assert f"{path} cannot be read: " in str(caught.value)
    assert why in str(caught.value)
    assert "3f9a" not in "".join(traceback.format_exception(caught.value))
    assert "passwort" not in str(caught.value)


def test_netrc_that_is_no_text_says_so(netrc: Callable[[str], Path]) -> None:
    netrc("").write_bytes(b"machine \xff\xfe\x81 login \x8d password \xff\n")
    with pytest.raises(ConfigurationError, match=r"\.netrc cannot be read"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_that_is_a_folder_says_so(monkeypatch: pytest.MonkeyPatch, away: Path) -> None:
    monkeypatch.setenv("NETRC", str(away))
    with pytest.raises(ConfigurationError, match=f"{away} cannot be read: Is a directory"):
        find_api_key(None, DEFAULT_BASE_URL)


def test_netrc_is_missed_only_where_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch, away: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_api_key(None, DEFAULT_BASE_URL)
    assert caught.value.message.endswith("~/.netrc.")
    monkeypatch.setenv("NETRC", str(away / "gone"))
    with pytest.raises(ConfigurationError, match="gone does not exist"):
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


# The documentation


def test_the_files_of_the_page_are_read(away: Path) -> None:
    with_key, with_limits = (block.code for block in blocks_of(PAGE, "bash"))
    (netrc,) = (block.code for block in blocks_of(PAGE, "text"))
    env, storage = away / ".env", away / "budget.sqlite3"
    env.write_text(with_key.replace("=...", "=key-of-env"), encoding="utf-8")
    assert find_api_key(None, DEFAULT_BASE_URL) == "key-of-env"
    env.write_text(with_limits.replace("/var/lib/shop/", f"{away}/"), encoding="utf-8")
    hidden = Path.home() / ".netrc"
    hidden.write_text(netrc.replace("...", "key-of-netrc"), encoding="utf-8")
    hidden.chmod(0o600)
    with StatusProClient() as client, responses.RequestsMock() as service:
        service.get(f"{DEFAULT_BASE_URL}/statuses", json=[])
        client.get_statuses()
        assert service.calls[0].request.headers["Authorization"] == "Bearer key-of-netrc"
        budget = client.budget()
    assert budget is not None
    assert (budget["requests"], budget["remaining"], budget["bulk_remaining"]) == (120, 119, 10)
    assert storage.exists()
