"""Standard output as rich draws on it: colours, tables, the window's width."""

from __future__ import annotations

from rich.console import Console as _Console


class Console(_Console):
    """A console on standard output whose reader may leave, as `head` does."""

    def __init__(self) -> None:
        super().__init__(highlight=False, emoji=False, markup=False)

    def on_broken_pipe(self) -> None:
        """Raises the error again: it ends the command quietly."""
        raise
