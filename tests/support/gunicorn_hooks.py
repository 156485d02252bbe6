"""gunicorn's hooks: every worker writes a byte to the pipe `SHOP_READY` once it can serve."""

from __future__ import annotations

import os


def post_worker_init(worker: object) -> None:
    os.write(int(os.environ["SHOP_READY"]), b".")
