"""`thontin run`: parts start in order, a failure unwinds what runs, stopping goes in reverse."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

import structlog
from aiohttp import web

from bot import knowledge, memory, units, webhooks
from bot.chores import Chores
from bot.clock import Clock
from bot.config import BadSetting, Settings
from bot.context import Context
from bot.database import AlreadyRunning, only_one, open_database, wall_clock
from bot.fetch import ZALO_SUFFIXES, Fetcher
from bot.fleet import Fleet
from bot.gateways import source_config
from bot.gateways.source_system import HttpJson, NoSource, SourceSystem
from bot.gateways.speech import Speech, engines
from bot.inbound import Inbound
from bot.media import MediaStore
from bot.spool import Spool
from bot.spread import Spread
from bot.steady import SteadyClock
from bot.web import make_app
from bot.work import Work
from storage import Transaction, accounts

log = structlog.get_logger()

__all__ = ["AlreadyRunning", "open_database", "run", "running", "serving", "wall_clock"]


def source_of(settings: Settings, now: Callable[[], int]) -> SourceSystem:
    """The source system of the settings. Raises `BadSetting`."""
    if settings.source_system == "none":
        return NoSource()
    if not settings.source_base_url:
        raise BadSetting("THONTIN_SOURCE_BASE_URL is empty although THONTIN_SOURCE_SYSTEM is http_json")
    try:
        config = source_config.load(settings.source_config)
    except (source_config.WrongConfig, OSError) as error:
        raise BadSetting(str(error)) from None
    password = settings.source_password.get_secret_value()
    return HttpJson(settings.source_base_url, settings.source_username, password, config, now)


@asynccontextmanager
async def running(settings: Settings, now: Callable[[], int] = wall_clock) -> AsyncIterator[Context]:
    """Everything at work but the web server; yields what pages need."""
    async with AsyncExitStack() as stack:
        if settings.database_url.startswith("sqlite"):
            stack.callback(only_one(settings).close)
        database = await asyncio.to_thread(open_database, settings, now)
        stack.callback(database.close)
        work = Work(database)
        stack.callback(work.close)
        context, chores = await _parts(settings, work, now, stack)
        clock = Clock(work, chores, settings.source_news_seconds)
        await context.fleet.refresh()
        for part in (context.fleet.run, context.fleet.bell.run, context.spread.run, context.inbound.replay, clock.run):
            _keep_running(stack, part)
        await context.inbound.take_waiting()
        yield context


async def _parts(
    settings: Settings, work: Work, now: Callable[[], int], stack: AsyncExitStack
) -> tuple[Context, Chores]:
    places = units.gazetteer(settings.data_dir)
    know = await work.read(lambda tx: knowledge.build(tx, knowledge.manners_of(settings), places))
    vault = work.database.vault
    store = MediaStore(settings.data_dir / "media", vault, settings.public_url)
    knowledge.keep_recordings(know, store)
    source = source_of(settings, now)
    stack.push_async_callback(source.close)
    fleet = Fleet(settings, work, store, source, now, know.gazetteer.commune)
    spool = Spool(settings.data_dir / "spool", vault)
    inbound = Inbound(work, know, spool, settings.webhook_seconds, fleet.wake, fleet.account)
    fleet.inbound = inbound
    bases = await work.read(lambda tx: _bases(tx, settings))
    hosts = [one.strip() for one in settings.media_hosts.split(",") if one.strip()]
    fetcher = await stack.enter_async_context(Fetcher((*ZALO_SUFFIXES, *hosts), bases))
    speech = Speech(settings.data_dir, engines(settings.gtts))
    context = Context(settings, work, know, store, speech, fleet, inbound, Spread(work, fleet.wake), now)
    limit = int(settings.media_limit_mb * 1024 * 1024)
    kept = [int(days * 24 * 3_600_000) for days in (settings.letters_kept_days, settings.deliveries_kept_days)]
    return context, Chores(work, know, store, fetcher, fleet, source, limit, kept[0], now, kept[1])


def _bases(tx: Transaction, settings: Settings) -> list[str]:
    """The configured addresses: of the accounts, and nothing else."""
    own = (settings.telegram_base_url, settings.zalo_oa_base_url, settings.zalo_bot_base_url)
    return sorted({*own, *(row.base_url for row in accounts.every(tx) if row.base_url)})


def _keep_running(stack: AsyncExitStack, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a part for as long as the stack is open; on the way out it is cancelled and waited for."""
    task = asyncio.create_task(part(), name=part.__qualname__)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


@asynccontextmanager
async def serving(settings: Settings, now: Callable[[], int] = wall_clock) -> AsyncIterator[tuple[Context, int]]:
    """Everything at work, the web server included; yields the context and the port."""
    async with running(settings, now) as context:
        runner = web.AppRunner(make_app(context), access_log=None, shutdown_timeout=5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port)
            await site.start()
            port = int(runner.addresses[0][1])
            context.fleet.listening.set()
            log.info("ready", host=settings.host, port=port)
            yield context, port
        finally:
            await runner.cleanup()
            await webhooks.stop()


@asynccontextmanager
async def working(settings: Settings, now: Callable[[], int] = wall_clock) -> AsyncIterator[Fleet]:
    """Senders only: this process takes its share of the budgets and leaves web, polling and clock to `run`."""
    if settings.database_url.startswith("sqlite"):
        raise BadSetting("THONTIN_DATABASE_URL: worker cần PostgreSQL; SQLite chỉ có một tiến trình, hãy dùng run")
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(open_database, settings, now)
        stack.callback(database.close)
        work = Work(database)
        stack.callback(work.close)
        store = MediaStore(settings.data_dir / "media", database.vault, settings.public_url)
        source = source_of(settings, now)
        stack.push_async_callback(source.close)
        fleet = Fleet(settings, work, store, source, now, _commune_of(settings))
        await fleet.refresh()
        for part in (fleet.run, fleet.bell.run):
            _keep_running(stack, part)
        log.info("ready", sends_as=fleet.owner)
        yield fleet


def _commune_of(settings: Settings) -> Callable[[str], object]:
    """A commune by its code; the country is loaded when a report is forwarded for the first time."""
    country = cache(lambda: units.gazetteer(settings.data_dir))
    return lambda code: country().commune(code)


async def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = _stopping()
    async with serving(settings, SteadyClock(wall_clock)):
        memory.keep_for_good()
        await stop.wait()


async def work_only(settings: Settings) -> None:
    """Send until SIGINT or SIGTERM."""
    stop = _stopping()
    async with working(settings, SteadyClock(wall_clock)):
        memory.keep_for_good()
        await stop.wait()


def _stopping() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
