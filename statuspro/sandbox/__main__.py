"""`python -m statuspro.sandbox`: serves a sandbox until Ctrl-C, without any further package."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from .sandbox import Sandbox
from .serving import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C, and returns the exit status.

    Args:
        arguments: those of the command; by default those of this process.
    """
    options = _parser().parse_args(arguments)
    sandbox = Sandbox(
        options.orders,
        seed=options.seed,
        rate_limit=options.rate_limit,
        bulk_limit=options.bulk_limit,
        port=options.port,
    )
    try:
        serve(sandbox, options.orders, is_verbose=options.verbose)
    except OSError as error:
        print(f"Error: port {options.port}: {os.strerror(error.errno or 0)}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m statuspro.sandbox",
        description="Serve a StatusPro to experiment with, until Ctrl-C.",
    )
    number, limit = _whole_from(0), _whole_from(1)
    for name, kind, default, text in (
        ("--port", _whole_from(0, 65535), 0, "on 127.0.0.1; any free one by default"),
        ("--orders", number, 250, "how many; 250 by default"),
        ("--seed", number, 1, "the same seed makes the same orders"),
        ("--rate-limit", limit, None, "requests a minute; any number by default"),
        ("--bulk-limit", limit, None, "bulk updates a minute; any number by default"),
    ):
        parser.add_argument(name, type=kind, default=default, metavar="N", help=text)
    parser.add_argument("--verbose", action="store_true", help="tell of each request and mail")
    return parser


def _whole_from(least: int, most: int | None = None) -> Callable[[str], int]:
    """Makes a function that reads a whole number, and refuses others with what is right."""
    bounds = f"from {least} to {most}" if most else f"of {least} or more"

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= (most or int(text)):
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {bounds}")

    return read


if __name__ == "__main__":
    sys.exit(main())
