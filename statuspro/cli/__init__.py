"""The command line: `statuspro demo` and `statuspro sandbox`."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

from statuspro._version import __version__
from statuspro.cli.demo import run_demo
from statuspro.cli.terminal import Terminal
from statuspro.sandbox import Sandbox

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status.

    Args:
        arguments: the arguments after the program's name; by default those of this process.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Customers' names are in many scripts, and the output's encoding may lack some.
        sys.stdout.reconfigure(errors="replace")
    try:
        status: int = options.command(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reading process, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="statuspro", description="Try the StatusPro client, without an API key."
    )
    parser.add_argument("--version", action="version", version=f"statuspro {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="show the library's main job, step by step")
    demo.set_defaults(command=_demo)

    sandbox = commands.add_parser("sandbox", help="serve an embedded StatusPro until Ctrl-C")
    sandbox.set_defaults(command=_sandbox)
    sandbox.add_argument(
        "--port", type=_port, default=0, help="port on 127.0.0.1 (default: any free)"
    )
    sandbox.add_argument("--orders", type=_natural, default=250, help="how many (default: 250)")
    sandbox.add_argument("--seed", type=int, default=1, help="same seed, same orders (default: 1)")
    sandbox.add_argument(
        "--rate-limit", type=_positive, metavar="N", help="requests a minute (default: no limit)"
    )
    sandbox.add_argument(
        "--bulk-limit",
        type=_positive,
        metavar="N",
        help="bulk updates a minute (default: no limit)",
    )
    return parser


def _demo(options: argparse.Namespace) -> int:
    run_demo(Terminal(sys.stdout))
    return 0


def _sandbox(options: argparse.Namespace) -> int:
    sandbox = Sandbox(
        orders=options.orders,
        seed=options.seed,
        rate_limit=options.rate_limit,
        bulk_limit=options.bulk_limit,
        port=options.port,
    )
    try:
        sandbox.start()
    except OSError as error:
        print(f"statuspro sandbox: port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    with sandbox, contextlib.suppress(KeyboardInterrupt):
        print(f"export STATUSPRO_BASE_URL={sandbox.base_url}")
        print(f"export STATUSPRO_API_KEY={sandbox.api_key}", flush=True)
        print(f"# {options.orders} orders; Ctrl-C stops it", file=sys.stderr, flush=True)
        sandbox.serve_forever()
    return 0


def _natural(text: str) -> int:
    return _at_least(0, text)


def _positive(text: str) -> int:
    return _at_least(1, text)


def _at_least(least: int, text: str) -> int:
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"must be {least} or more, not {text}")
    return number


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"must be 0 to 65535, not {text}")
    return port
