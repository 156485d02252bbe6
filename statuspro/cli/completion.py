"""`statuspro completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from statuspro.cli.command import command

_KINDS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}

_EXAMPLES = """
    eval "$(statuspro completion bash)"      # in ~/.bashrc
    eval "$(statuspro completion zsh)"       # in ~/.zshrc, after compinit
    statuspro completion fish > ~/.config/fish/completions/statuspro.fish
"""


@command("completion", _EXAMPLES)
@click.argument("shell", type=click.Choice(list(_KINDS)))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print what a shell needs for completion."""
    kind = _KINDS[shell]
    click.echo(kind(ctx.find_root().command, {}, "statuspro", "_STATUSPRO_COMPLETE").source())
