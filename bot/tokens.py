"""OA tokens in the database: the new pair is committed before it is used, and one process refreshes at a time."""

import asyncio
import itertools
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from bot.channels.zalo_tokens import Tokens
from bot.work import Turn, Work
from storage import Transaction, accounts, leases

log = structlog.get_logger()
LEASE_MS = 60_000  # longer than a refresh with its time-outs
LONG_SECONDS = 10.0  # who waits longer than this for another's refresh says so
_PROCESS = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}:"
_numbers = itertools.count(1)


class DatabaseTokens:
    """Implements `bot.channels.zalo_tokens.TokenStore`."""

    def __init__(self, work: Work, now: Callable[[], int]) -> None:
        self._work, self._now = work, now
        self._owner = f"{_PROCESS}{next(_numbers)}"

    @asynccontextmanager
    async def lock(self, account_id: int) -> AsyncIterator[None]:
        """A lease row: no transaction stays open while Zalo is asked."""
        name, since = f"token {account_id}", time.monotonic()
        # The holder may be another process, which tells nobody when it is done.
        while not await self._work.write(lambda tx: self._take(tx, name), Turn.SETTLE):
            await asyncio.sleep(0.1)
            if time.monotonic() - since > LONG_SECONDS:
                log.warning("waits for another process's refresh of the token", account=account_id)
                since = time.monotonic()
        try:
            yield
        finally:
            await self._work.write(lambda tx: leases.give_back(tx, name, self._owner), Turn.SETTLE)

    def _take(self, tx: Transaction, name: str) -> bool:
        leases.bury(tx, name, _PROCESS)
        return leases.take(tx, name, self._owner, LEASE_MS) is not None

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
