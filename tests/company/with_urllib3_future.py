"""urllib3-future, which installs itself in urllib3's place: a clear sentence, and no riddle."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.paths import ROOT


def test_the_import_says_what_is_wrong() -> None:
    # Where the session `company` has installed it; without that, this test fails.
    environment = {**os.environ, "PYTHONPATH": os.environ["STATUSPRO_URLLIB3_FUTURE"]}
    done = subprocess.run(
        [sys.executable, "-c", "from statuspro import StatusProClient"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ImportError: statuspro needs urllib3, but urllib3-future 2." in done.stderr
