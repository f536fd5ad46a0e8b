"""What others would send with: the same message, over the same emulator, from this process."""

import asyncio
import importlib.util
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from telegram import Bot
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from tests.bench.rows import WORDS

CONCURRENCY = 100
FIRST_CHAT = 5 * 10**9
Send = Callable[[int], Awaitable[Any]]


async def compare(address: str, token: str, size: int) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Messages a second and CPU µs a message of each peer, the slow ones with fewer messages; and who is missing."""
    told = {
        "aiohttp alone": await _raw(address, token, size),
        "python-telegram-bot": await _default(address, token, size // 8),
    }
    missing = []
    if importlib.util.find_spec("aiolimiter"):
        told["python-telegram-bot AIORateLimiter"] = await _limited(address, token, size // 8)
    else:
        missing.append("python-telegram-bot AIORateLimiter: aiolimiter is not installed")
    if importlib.util.find_spec("aiogram"):
        told["aiogram"] = await _aiogram(address, token, size)
    else:
        missing.append("aiogram: not installed")
    return told, missing


async def _timed(send: Send, size: int) -> dict[str, float]:
    """`CONCURRENCY` workers over one queue of chats, after a warm-up."""
    await _all(send, iter(range(FIRST_CHAT, FIRST_CHAT + CONCURRENCY)))
    chats = iter(range(FIRST_CHAT + CONCURRENCY, FIRST_CHAT + CONCURRENCY + max(CONCURRENCY, size)))
    count = max(CONCURRENCY, size)
    began, cpu = time.perf_counter(), time.process_time()
    await _all(send, chats)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return {"per_s": round(count / seconds, 1), "cpu_us": round(used / count * 1e6)}


async def _all(send: Send, chats: Any) -> None:
    async def work() -> None:
        for chat in chats:
            await send(chat)

    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


async def _raw(address: str, token: str, size: int) -> dict[str, float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session:

        async def send(chat: int) -> None:
            async with session.post(
                f"{address}/bot{token}/sendMessage", json={"chat_id": chat, "text": WORDS}
            ) as answer:
                assert (await answer.json())["ok"]

        return await _timed(send, size)


async def _default(address: str, token: str, size: int) -> dict[str, float]:
    async with Bot(token, base_url=f"{address}/bot", request=HTTPXRequest()) as bot:
        return await _timed(lambda chat: bot.send_message(chat, WORDS, pool_timeout=60), size)


async def _limited(address: str, token: str, size: int) -> dict[str, float]:
    """Its own limiter, lifted: what the limiter itself costs."""
    limiter = AIORateLimiter(overall_max_rate=0, group_max_rate=0)
    made: ExtBot[Any] = ExtBot(token, base_url=f"{address}/bot", request=HTTPXRequest(), rate_limiter=limiter)
    async with made as bot:
        return await _timed(lambda chat: bot.send_message(chat, WORDS, pool_timeout=60), size)


async def _aiogram(address: str, token: str, size: int) -> dict[str, float]:
    """Not in the lock, so only where somebody installed it."""
    aiogram = importlib.import_module("aiogram")
    server = importlib.import_module("aiogram.client.telegram").TelegramAPIServer.from_base(address)
    session = importlib.import_module("aiogram.client.session.aiohttp").AiohttpSession(api=server, limit=CONCURRENCY)
    async with aiogram.Bot(token, session=session) as bot:
        return await _timed(lambda chat: bot.send_message(chat, WORDS), size)
