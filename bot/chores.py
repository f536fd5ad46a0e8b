"""What the clock does: fetch citizens' files, bring answers back from the source system, forget what is old."""

import asyncio
from collections.abc import Callable

import structlog

from bot import metrics
from bot.channels.base import Unavailable
from bot.fetch import Expired, Fetcher, FetchError, Refused, TooBig
from bot.fleet import Fleet
from bot.gateways.source_system import SourceSystem, Update
from bot.images import BadImage, to_jpeg
from bot.media import MediaStore
from bot.work import Turn, Work
from handlers import Knowledge, answers, digests
from storage import (
    Transaction,
    calls,
    folding,
    forgetting,
    inbox,
    ledger,
    media,
    officials,
    outbox,
    reports,
    takeover,
)
from storage import digests as waiting
from storage.media import Media

log = structlog.get_logger()
KINDS = ("image/", "audio/", "video/", "application/pdf")
RETRY_MS = (5_000, 30_000, 120_000, 600_000)
OVERLAP_MS = 2 * 3_600_000
FETCHED_AT_ONCE = 4  # each may fill its limit in memory
FOLDED_AT_ONCE = 1000  # transactions a run, two million deliveries: the rest follows an hour later
HOUR_MS = 3_600_000
READERS_AT_ONCE, LETTERS_AT_ONCE = 1000, 100  # people looked through in a step; letters written in a transaction
DELIVERIES_MS = 60 * 24 * 3_600_000
DRAFT_MS = 7 * 24 * 3_600_000  # a report may be written on for days, a day after each word


class Chores:
    """The jobs, each safe to run again."""

    def __init__(
        self,
        work: Work,
        know: Knowledge,
        store: MediaStore,
        fetcher: Fetcher,
        fleet: Fleet,
        source: SourceSystem,
        limit_bytes: int,
        letters_kept_ms: int,
        now: Callable[[], int],
        deliveries_kept_ms: int = DELIVERIES_MS,
    ) -> None:
        self._work, self._know, self._store, self._fetcher = work, know, store, fetcher
        self._fleet, self._source, self._limit, self._now = fleet, source, limit_bytes, now
        self._letters_kept_ms, self._deliveries_kept_ms = letters_kept_ms, deliveries_kept_ms
        self._letters_at = 0  # when the day's letters were last written, ms UTC
        self._hands, self._drawing = asyncio.Semaphore(FETCHED_AT_ONCE), asyncio.Lock()

    async def fetch_media(self) -> None:
        """Get the files that citizens sent, a few at a time."""
        rows = await self._work.read(lambda tx: [(row, tx.vault.open(row.ref_sealed)) for row in media.wanted(tx)])
        await asyncio.gather(*(self._fetch(row, ref) for row, ref in rows))

    async def _fetch(self, row: Media, ref: str) -> None:
        async with self._hands:
            await self._fetch_one(row, ref)

    async def _fetch_one(self, row: Media, ref: str) -> None:
        one = self._fleet.running.get(row.account_id)
        if one is None or one.channel is None:
            await self._not_yet(row, LookupError("no such account now"))
            return
        try:
            url = await one.channel.media_url(ref)
            got = await self._fetcher.get(url, KINDS, self._limit)
            content, mime = (await self._redrawn(got.data), "image/jpeg") if got.mime.startswith("image/") else (
                got.data, got.mime)  # fmt: skip
            sha = await asyncio.to_thread(self._store.keep, content)
        except (FetchError, BadImage, Unavailable, OSError) as error:
            await self._not_yet(row, error)
            return

        def keep(tx: Transaction) -> bool:
            report_id = media.arrived(tx, row.id or 0, sha, mime, len(content))
            if report_id:
                outbox.hurry(tx, report_id)
            return media.is_wanted(tx, sha)

        if not await self._work.write(keep, Turn.SETTLE):
            await asyncio.to_thread(self._store.drop, sha)  # its sender wants it gone
        self._fleet.wake()

    async def _redrawn(self, picture: bytes) -> bytes:
        """One picture at a time: a large one takes a hundred times its own size in memory."""
        async with self._drawing:
            return await to_jpeg(picture)

    async def _not_yet(self, row: Media, error: Exception) -> None:
        final = isinstance(error, Refused | TooBig | Expired | BadImage) or row.tries >= len(RETRY_MS)
        retry = None if final else RETRY_MS[row.tries]
        why = type(error).__name__  # its words may name the file's address
        log.warning("file not fetched", media=row.id, why=why, final=final)
        await self._work.write(lambda tx: media.not_yet(tx, row.id or 0, why, retry), Turn.SETTLE)

    async def source_news(self) -> None:
        """Ask for answers with an overlapping window; each update counts once, by their id."""
        now = self._now()
        try:
            updates = await self._source.news(now - OVERLAP_MS, now + 60_000)
        except Unavailable as trouble:
            log.warning("no news from the source system", why=trouble.why)
            return
        for update in updates:
            try:
                await self._work.write(lambda tx, one=update: _apply(tx, self._know, one), Turn.SETTLE)  # type: ignore[misc]
            except Exception:  # the window overlaps: it is tried again, and the others are told now
                log.exception("news cannot be applied", update=update.id[:80])
        if updates:
            self._fleet.wake()

    async def forget(self) -> None:
        """Drop what is no longer needed: old inbox keys, farewells, letters."""
        await self._work.write(inbox.forget)
        await self._work.write(forgetting.forget_farewells)
        await self._work.write(calls.forget)
        await self._work.write(lambda tx: forgetting.forget_letters(tx, tx.now - self._letters_kept_ms))

    async def fold(self) -> None:
        """Old deliveries become tallies, two thousand a transaction: whoever writes meanwhile waits for one."""
        for _ in range(FOLDED_AT_ONCE):
            if not await self._work.write(lambda tx: folding.fold(tx, tx.now - self._deliveries_kept_ms)):
                return

    async def day_letters(self) -> None:
        """Write the day's letters, a hundred a transaction; again for an hour, since a spread may still be at work."""
        now = self._now()
        if now - digests.last_moment(now) > HOUR_MS and now - self._letters_at < HOUR_MS:
            return
        before = digests.last_moment(now)
        after: int | None = 0
        while after is not None:
            after = await self._some_letters(before, after)
        self._letters_at = now

    async def _some_letters(self, before: int, after: int) -> int | None:
        """The letters of the next readers after a citizen's id; the last one's id, None when there were none."""
        people = await self._work.read(lambda tx: waiting.readers(tx, after, READERS_AT_ONCE))
        chats = await self._work.read(lambda tx: waiting.waiting(tx, people, before)) if people else []
        for start in range(0, len(chats), LETTERS_AT_ONCE):
            some = chats[start : start + LETTERS_AT_ONCE]
            await self._work.write(lambda tx, some=some: digests.compose(tx, self._know, some))  # type: ignore[misc]
            self._fleet.wake()
        return people[-1] if people else None

    async def expire(self) -> None:
        """Nothing goes late, and the officials see it even where the queue is stuck; what was dropped goes."""
        while ended := await self._work.write(ledger.expire, Turn.CHORE):  # a bounded number each, then others' turn
            metrics.expired(ended)
        if moved := await self._work.write(takeover.rebase):
            log.warning("the clock had run ahead: what waited for that time is due now", rows=moved)
        for sha in await self._work.write(lambda tx: media.orphans(tx, tx.now - DRAFT_MS)):
            await asyncio.to_thread(self._store.drop, sha)
        await self._work.write(officials.end_expired)
        await self._work.write(reports.forget_tries)

    async def refresh_tokens(self) -> None:
        """Rotate OA tokens early, also when nothing is sent: an unused refresh token dies after three months."""
        for one in list(self._fleet.running.values()):
            if one.row.channel == "zalo_oa" and one.channel:
                await one.channel.check()


def _apply(tx: Transaction, know: Knowledge, update: Update) -> None:
    report = reports.coded(tx, update.code) if update.code else None
    report = report or reports.by_source_ref(tx, update.report_id)
    if report is None:
        log.warning("news of a report that is not ours", update=update.id[:80])
        return
    answers.by_source(tx, report, know, update.id, update.state, update.text, update.unit, update.person)
