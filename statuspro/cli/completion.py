"""`statuspro completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from statuspro.cli.command import command

_EXAMPLES = """
    eval "$(statuspro completion bash)"      # in ~/.bashrc
    eval "$(statuspro completion zsh)"       # in ~/.zshrc, after compinit
    statuspro completion fish > ~/.config/fish/completions/statuspro.fish
"""


@command("completion", _EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print what a shell needs for completion."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(kind(ctx.find_root().command, {}, "statuspro", "_STATUSPRO_COMPLETE").source())
