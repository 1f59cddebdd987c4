"""Messages to people and machines about budgets and rollouts: webhooks, Slack, Teams, Discord and what else Apprise knows."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from apprise import Apprise

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)


class Messages:
    """Sends to addresses in the form that Apprise has for each service, such as `json://host/path` or `slack://…`."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._apprise = Apprise()
        for address in addresses:
            if not self._apprise.add(address):
                log.error(
                    "an address for messages isn't understood", extra={"scheme": address.partition(":")[0]}
                )

    async def send(self, title: str, body: str) -> bool:
        """Sends to all; False where some service didn't take it. Nobody to tell is told."""
        if not len(self._apprise):
            return True
        taken = await asyncio.to_thread(self._apprise.notify, title=title, body=body)
        if not taken:
            log.warning("a message wasn't taken by every service", extra={"title": title})
        return bool(taken)
