"""The statuses that an account defines."""

from __future__ import annotations

from typing import cast

from statuspro.responses import unwrap_array
from statuspro.session import Client
from statuspro.types import StatusDefinition


def get_statuses(client: Client) -> list[StatusDefinition]:
    """Fetches the statuses that the account defines (`GET /statuses`).

    Args:
        client: any client.

    Returns:
        A dict for each status, with `code`, `name`, `description` and `color`.

    Raises:
        APIError: the service refused or failed.
        APIConnectionError: there is no response.
    """
    return cast("list[StatusDefinition]", unwrap_array(client.get("/statuses")))
