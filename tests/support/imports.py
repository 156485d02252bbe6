"""What a statement imports, in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """The modules that are there after a statement.

    Take off those of another statement, such as `pass`: a tool that measures coverage has imported
    some of its own.
    """
    code = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
