"""Tries the sandbox against the service's interface description with schemathesis.

    python -m tests.sandbox.schemathesis_run PATH [OPTION ...]

PATH is the description (YAML or JSON); the options are those of ``schemathesis run``. Needs
statuspro and ``schemathesis>=4`` in the same environment.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from statuspro.sandbox import Sandbox

# What the description's schema cannot say is refused all the same: a code that is not in the
# catalogue, a status that may not follow, a range of dates that ends before it begins. And PHP
# takes what the schema refuses: 1 for true, "7" for 7.
EXCLUDED_CHECKS = "positive_data_acceptance,negative_data_rejection"


def with_unauthorized(description: dict[str, Any]) -> dict[str, Any]:
    """The description with the 401 that it demands by its `security` and lists nowhere."""
    for operations in description["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("401", {"description": "No key, or a wrong one."})
    return description


def main(path: str, *options: str) -> int:
    """Run schemathesis against a sandbox of its own; returns its exit code."""
    text = Path(path).read_text(encoding="utf-8")
    description = with_unauthorized(importlib.import_module("yaml").safe_load(text))
    with tempfile.TemporaryDirectory() as folder, Sandbox(orders=50) as sandbox:
        copy = Path(folder, "openapi.json")
        copy.write_text(json.dumps(description), encoding="utf-8")
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(copy),
            f"--url={sandbox.base_url}",
            f"--header=Authorization: Bearer {sandbox.api_key}",
            "--header=Accept: application/json",
            f"--exclude-checks={EXCLUDED_CHECKS}",
            *options,
        ]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
