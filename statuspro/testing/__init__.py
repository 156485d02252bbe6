"""Tests of your own code against a sandbox: a pytest plugin, and a mixin for unittest and Django.

pytest finds the plugin by itself. It costs a project that does not use it next to nothing: what
is here is imported when it is asked for, and pytest only where pytest runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cases import SandboxTestCase
    from .isolation import OtherOriginError
    from .plugin import statuspro_client, statuspro_sandbox

__all__ = ["OtherOriginError", "SandboxTestCase", "statuspro_client", "statuspro_sandbox"]

#: pytest takes the fixtures from there, so that unittest and Django do not need pytest.
pytest_plugins = ["statuspro.testing.plugin"]

_MODULES = {
    "OtherOriginError": "isolation",
    "SandboxTestCase": "cases",
    "statuspro_client": "plugin",
    "statuspro_sandbox": "plugin",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
