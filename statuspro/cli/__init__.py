"""The command line, `statuspro`: a module for each group of commands."""

from __future__ import annotations

import gc
import sys

#: Said where a package of the extra is missing.
MISSING = 'The command line needs further packages: pip install "statuspro[cli]"'
_USAGE = 2

#: The exit status of a command that Ctrl-C ends.
INTERRUPTED = 130


def main() -> int:
    """Runs the command that the arguments of this process name, and returns its exit status."""
    # Until the command is imported: to collect garbage among modules takes time and finds none.
    gc.disable()
    try:
        from statuspro.cli.app import run

        return run()
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print(MISSING, file=sys.stderr)
        return _USAGE
    except KeyboardInterrupt:  # before or after what click watches over
        return INTERRUPTED
