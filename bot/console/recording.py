"""Recording announcements, never in the way of the text: a draft by this machine's voice, what is out by the best."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bot.context import Context
from handlers.announcements import spoken_words
from storage import Transaction, announcements
from storage.announcements import Announcement

log = structlog.get_logger()
PATIENCE = 12.0  # seconds the official waits for the recording before the preview opens without it
NO_WHY = "bộ đọc không làm được"


@dataclass(frozen=True, slots=True)
class _Spoken:
    sha: str = ""
    aac_sha: str = ""
    seconds: int = 0
    why: str = ""


class Recorder:
    """Runs recordings beside the pages; one that takes long goes on after the page was answered."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def record(self, context: Context, row: Announcement) -> None:
        """Record the words of `row` (as just saved) and keep the result with it, if its words are still these.

        Nobody has decided yet to make them public: they stay on this machine.
        """
        text = spoken_words(row, context.know)
        task = self._begin(_record(context, text, row.id or 0, row.version))
        await asyncio.wait({task}, timeout=PATIENCE)

    def record_published(self, context: Context, row: Announcement) -> None:
        """Record it once more with the outside voice, now that it is public; an emergency keeps what was approved."""
        if row.priority != "emergency" and context.speech.outside:
            self._begin(_record_published(context, spoken_words(row, context.know), row.id or 0, row.version))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self) -> None:
        """Stop what still runs: it is made again when the text is saved again."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


RECORDER = web.AppKey("recorder", Recorder)


async def _record(context: Context, text: str, announcement_id: int, version: int) -> None:
    try:
        made = await _spoken(context, text)
    except Exception:  # the text goes out whatever happened to its recording
        log.exception("recording could not be kept", announcement=announcement_id)
        made = _Spoken(why="không ghi được tệp")

    def keep(tx: Transaction) -> None:
        announcements.spoken(tx, announcement_id, version, made.sha, made.aac_sha, made.seconds, made.why)

    await context.work.write(keep)


async def _record_published(context: Context, text: str, announcement_id: int, version: int) -> None:
    try:
        made = await _spoken(context, text, published=True)
        if made.sha:
            args = (announcement_id, version, made.sha, made.aac_sha, made.seconds)
            await context.work.write(lambda tx: announcements.spoken_again(tx, *args))
    except Exception:  # the recording of the draft stays
        log.exception("recording could not be kept", announcement=announcement_id)


async def _spoken(context: Context, text: str, published: bool = False) -> _Spoken:
    recording = await context.speech.record(text, published)
    if recording is None:
        return _Spoken(why=context.speech.why_not(text) or NO_WHY)
    aac = await context.speech.to_aac(recording.path)
    sha = await _keep(context, recording.path)
    return _Spoken(sha, await _keep(context, aac) if aac else "", round(recording.seconds))


async def _keep(context: Context, path: Path) -> str:
    return await asyncio.to_thread(lambda: context.store.keep(path.read_bytes()))
