"""`statuspro sandbox` and `demo`: a StatusPro of this machine's own, without a key."""

from __future__ import annotations

import os

import click

from statuspro.cli.command import command
from statuspro.cli.parameters import whole_number

_EXAMPLES = """
    statuspro sandbox --port 8900
    statuspro sandbox --orders 5000 --rate-limit 60 --bulk-limit 5 --verbose
"""


@command("sandbox", _EXAMPLES)
@click.option(
    "--port",
    type=whole_number(0, 65535),
    default=0,
    help="On 127.0.0.1; any free one by default.",
)
@click.option("--orders", type=whole_number(0), default=250, show_default=True, help="How many.")
@click.option(
    "--seed",
    type=whole_number(),
    default=1,
    show_default=True,
    help="The same seed makes the same orders.",
)
@click.option(
    "--rate-limit",
    type=whole_number(1),
    metavar="N",
    help="Requests a minute; any number by default.",
)
@click.option(
    "--bulk-limit",
    type=whole_number(1),
    metavar="N",
    help="Bulk updates a minute; any number by default.",
)
@click.option("--verbose", is_flag=True, help="Tell of each request and mail as it comes.")
def sandbox_command(
    port: int,
    orders: int,
    seed: int,
    rate_limit: int | None,
    bulk_limit: int | None,
    verbose: bool,
) -> None:
    """Serve a StatusPro on this machine, to experiment with.

    Prints two environment variables. Export them, and the commands, a script or a notebook talk to
    this sandbox instead of the service. Ctrl-C stops it. No mail is sent.
    """
    from statuspro.sandbox import Sandbox
    from statuspro.sandbox.serving import serve

    sandbox = Sandbox(orders, seed=seed, rate_limit=rate_limit, bulk_limit=bulk_limit, port=port)
    try:
        serve(sandbox, orders, is_verbose=verbose)
    except OSError as error:
        raise click.ClickException(f"port {port}: {os.strerror(error.errno or 0)}") from error


@command("demo", "statuspro demo | less")
def demo_command() -> None:
    """Show the library's main job, step by step.

    A StatusPro runs for the demo on this machine. You need no API key, and nothing leaves the
    machine. Above its result each step shows its lines of Python.
    """
    from statuspro.cli.demo import run_demo
    from statuspro.cli.drawing import Console

    run_demo(Console())
