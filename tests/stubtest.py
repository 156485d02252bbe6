"""Compares what the annotations promise with what the package is at run time, by mypy's stubtest.

``python -m tests.stubtest``; the Django app can be imported only where Django has its settings.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from mypy import stubtest

from tests.support.paths import ROOT


def main() -> int:
    """Runs stubtest over the whole package; returns 1 for a finding that is not in the list."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.contrib.django.project.settings"
    django.setup()
    allowed = str(Path(__file__).with_suffix(".allow"))
    config = str(ROOT / "pyproject.toml")
    arguments = ["--concise", "--mypy-config-file", config, "--allowlist", allowed, "statuspro"]
    return stubtest.test_stubs(stubtest.parse_options(arguments))


if __name__ == "__main__":
    sys.exit(main())
