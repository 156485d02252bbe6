"""The command line, `statuspro`: a module for each group of commands."""

from __future__ import annotations

import gc
import sys

_MISSING = 'The command line needs further packages: pip install "statuspro[cli]"'
_USAGE = 2


def main() -> int:
    """Runs the command that the arguments of this process name, and returns its exit status."""
    # Until the command is imported: a look for garbage among modules finds none, and takes time.
    gc.disable()
    try:
        import click  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print(_MISSING, file=sys.stderr)
        return _USAGE
    from statuspro.cli.app import run

    return run()
