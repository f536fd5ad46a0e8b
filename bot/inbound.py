"""A citizen writes: look up, decide and remember in one transaction, or keep it on disk until that is possible."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import knowledge
from bot.spool import Spool, Unreadable
from bot.work import Turn, Work, is_trouble
from content.message import Heard
from handlers import Knowledge, Matched, answer, apologise, match
from storage import Transaction, accounts, faq, inbox
from storage.accounts import Account

log = structlog.get_logger()
MOST_FREE = 10_000  # chats
REPLAY_SECONDS = 1.0


class Inbound:
    """`hear` is the one door: webhooks, polls, the spool and replays all come through it."""

    def __init__(
        self,
        work: Work,
        know: Knowledge,
        spool: Spool,
        deadline: float,
        posted: Callable[[int], None],
        account_of: Callable[[int], Account | None] = lambda _number: None,
    ) -> None:
        """`deadline` in seconds; `posted` is told the account that has something to send; `account_of` is the
        account as it runs here, to spare every turn a look-up."""
        self._work, self.know, self._spool, self._account_of = work, know, spool, account_of
        self._deadline, self._posted = deadline, posted
        self._lines: dict[tuple[int, str], asyncio.Lock] = {}
        self._standing: Counter[tuple[int, str]] = Counter()  # events of a chat that stand in its line
        self._taking = asyncio.Lock()
        self._free: dict[tuple[int, str], None] = {}

    async def hear(self, account_id: int, heard: Heard) -> None:
        """Take one event in. When this returns it is safe, in the database or on disk. Raises `SpoolFull`."""
        try:
            async with asyncio.timeout(self._deadline), self._line(account_id, heard.chat):
                if not self._spool.holds(account_id, heard.chat):
                    await self._turn(account_id, heard)
                    return
            why = "behind"
        except TimeoutError:
            why = "slow"
        except SQLAlchemyError as error:
            why = type(error).__name__
        self._keep(account_id, heard, why)

    @asynccontextmanager
    async def _line(self, account_id: int, chat: str) -> AsyncIterator[None]:
        """One event of a chat at a time, in the order of arrival: what is spooled must not be overtaken."""
        line = self._lines.setdefault((account_id, chat), asyncio.Lock())
        self._standing[account_id, chat] += 1
        try:
            async with line:
                yield
        finally:
            self._standing[account_id, chat] -= 1
            if not self._standing[account_id, chat]:
                del self._standing[account_id, chat], self._lines[account_id, chat]

    def _keep(self, account_id: int, heard: Heard, why: str) -> None:
        self._spool.put(account_id, heard)
        log.warning("spooled", account=account_id, kind=heard.kind, why=why)

    async def _turn(self, account_id: int, heard: Heard) -> None:
        if not await self._try(account_id, heard, newest=self.know.faq_version):
            await self._learn()
            await self._try(account_id, heard)
        self._posted(account_id)

    async def _try(self, account_id: int, heard: Heard, newest: int | None = None) -> bool:
        """One turn, by what is known: what costs most is looked up before its transaction begins.

        Returns whether it was taken: not when officials have edited or published something after version `newest`.
        """
        matched = None if (account_id, heard.chat) in self._free else match(self.know, heard.text)
        try:
            return await self._work.write(lambda tx: self._decide(tx, account_id, heard, matched, newest), Turn.INBOUND)
        except Exception as error:
            if is_trouble(error):
                raise
            # A story raised: nothing of its turn was kept; the message is, with an apology.
            log.exception("story failed", account=account_id, kind=heard.kind)
            await self._work.write(lambda tx: self._failed(tx, account_id, heard), Turn.INBOUND)
            return True

    async def _learn(self) -> None:
        """Put what officials changed into what a turn may know."""
        knowledge.apply(self.know, await self._work.read(lambda tx: knowledge.changes(tx, self.know.faq_version)))

    def _decide(
        self, tx: Transaction, account_id: int, heard: Heard, matched: Matched | None, newest: int | None
    ) -> bool:
        if newest is not None and faq.version(tx) > newest:
            return False
        account = self._account_of(account_id) or accounts.of(tx, account_id)
        if account is not None and inbox.receive(tx, account_id, heard):
            self._note(account_id, heard.chat, answer(tx, account, heard, self.know, matched))
        return True

    def _note(self, account_id: int, chat: str, free: bool) -> None:
        """Remember who is in the middle of a description: only a hint, and only of this process."""
        self._free.pop((account_id, chat), None)
        if free:
            self._free[(account_id, chat)] = None
        while len(self._free) > MOST_FREE:
            self._free.pop(next(iter(self._free)))

    def _failed(self, tx: Transaction, account_id: int, heard: Heard) -> None:
        account = accounts.of(tx, account_id)
        if account is not None and inbox.keep(tx, account_id, heard, "failed", "a story raised"):
            apologise(tx, account, heard, self.know)

    async def keep_raw(self, account_id: int, heard: Heard) -> None:
        """Zalo Bot's poll destroys what it returns: its row is committed alone, before any turn. Raises `SpoolFull`."""
        if self._spool.holds(account_id, heard.chat):
            self._keep(account_id, heard, "behind")
            return
        try:
            await self._work.write(lambda tx: inbox.keep(tx, account_id, heard, "waiting"), Turn.INBOUND)
        except SQLAlchemyError as error:
            self._keep(account_id, heard, type(error).__name__)

    async def take_waiting(self) -> int:
        """Give every kept event of a poll its turn, oldest first; how many there were."""
        return await self._take("waiting")

    async def replay_failed(self) -> int:
        """Try the events whose story raised once more (`thontin doctor --replay`); how many there were."""
        return await self._take("failed")

    async def _take(self, state: str) -> int:
        async with self._taking:
            rows = await self._work.read(lambda tx: [(row.id or 0, row.account_id, inbox.opened(tx, row))
                                                     for row in inbox.pending(tx, (state,))])  # fmt: skip
            for row_id, account_id, heard in rows:
                await self._again(row_id, account_id, heard, state)
        return len(rows)

    async def _again(self, row_id: int, account_id: int, heard: Heard, state: str) -> None:
        await self._learn()
        matched = match(self.know, heard.text)

        def turn(tx: Transaction) -> None:
            account = accounts.of(tx, account_id)
            if inbox.done(tx, row_id, state) and account is not None:
                answer(tx, account, heard, self.know, matched)

        try:
            await self._work.write(turn, Turn.INBOUND)
        except Exception as error:
            if is_trouble(error):
                raise
            log.exception("story failed", account=account_id, kind=heard.kind)
            if state == "waiting":
                await self._work.write(lambda tx: self._give_up(tx, row_id, account_id, heard), Turn.INBOUND)
        self._posted(account_id)

    def _give_up(self, tx: Transaction, row_id: int, account_id: int, heard: Heard) -> None:
        inbox.mark_failed(tx, row_id, "a story raised")
        account = accounts.of(tx, account_id)
        if account is not None:
            apologise(tx, account, heard, self.know)

    async def replay(self) -> None:
        """Empty the spool through the same door, oldest first, whenever the database answers. Never returns."""
        while True:
            try:
                await self._empty_spool()
                await self.take_waiting()
            except (SQLAlchemyError, OSError) as error:
                log.warning("replay waits", why=type(error).__name__)
            except Exception:
                log.exception("replay failed, will be tried again")
            await asyncio.sleep(REPLAY_SECONDS)

    async def _empty_spool(self) -> None:
        for path in await asyncio.to_thread(self._spool.waiting):
            try:
                account_id, heard = self._spool.open(path)
            except Unreadable:
                continue
            try:
                await self._turn(account_id, heard)
            except SQLAlchemyError as error:
                if is_trouble(error):
                    raise
                self._spool.refused(path, account_id, heard.chat)
            else:
                self._spool.done(path, account_id, heard.chat)
