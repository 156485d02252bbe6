"""A local copy of all orders, kept in step within the budget.

`Mirror` is the copy; its `sync` compares it with the service and tells what has changed.
"""

from statuspro.mirror.mirror import Mirror
from statuspro.mirror.sync import Sync
from statuspro.types import Change, MirroredOrder

__all__ = ["Change", "Mirror", "MirroredOrder", "Sync"]
