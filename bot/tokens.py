"""OA tokens in the database: the new pair is committed before it is used, and one process refreshes at a time."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.channels.zalo_tokens import Tokens
from bot.work import Turn, Work
from storage import Transaction, accounts, leases

LEASE_MS = 60_000  # longer than a refresh with its time-outs


class DatabaseTokens:
    """Implements `bot.channels.zalo_tokens.TokenStore`."""

    def __init__(self, work: Work, now: Callable[[], int]) -> None:
        self._work, self._now = work, now
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    @asynccontextmanager
    async def lock(self, account_id: int) -> AsyncIterator[None]:
        """A lease row: no transaction stays open while Zalo is asked."""
        name = f"token {account_id}"
        # The holder may be another process, which tells nobody when it is done.
        while not await self._work.write(lambda tx: leases.take(tx, name, self._owner, LEASE_MS), Turn.SETTLE):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        try:
            yield
        finally:
            await self._work.write(lambda tx: leases.give_back(tx, name, self._owner), Turn.SETTLE)

    async def load(self, account_id: int) -> Tokens | None:
        """The newest committed pair."""
        return await self._work.read(lambda tx: _load(tx, account_id))

    async def save(self, account_id: int, tokens: Tokens) -> None:
        """Commit the pair."""
        kept = {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_at": str(tokens.expires_at),
        }
        await self._work.write(lambda tx: accounts.keep_secrets(tx, account_id, kept), Turn.URGENT)


def _load(tx: Transaction, account_id: int) -> Tokens | None:
    row = accounts.of(tx, account_id)
    held = accounts.secrets(tx, row) if row else {}
    if not held.get("refresh_token") and not held.get("access_token"):
        return None
    return Tokens(held.get("access_token", ""), held.get("refresh_token", ""), int(held.get("expires_at") or 0))
