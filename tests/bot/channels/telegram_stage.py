"""What the tests of the Telegram channel share: its dialect, a channel at an address, recorded updates."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.channels.base import Account, Channel
from bot.channels.telegram import TelegramChannel
from content.message import Heard
from tests.bot.channels.endings import Answer, Dialect, said

TOKEN = "7012345678:AAcanaryTokenDoNotLog"
WORDS = "Nhà bà Mùa Thị Canh bị sạt"
NOW = 1_795_230_009_000
RECORDED = Path(__file__).parent / "telegram"
OK = said({"ok": True, "result": {"message_id": 77, "date": 1, "chat": {"id": 5, "type": "private"}}})


def no(code: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return said({**body, "parameters": parameters} if parameters else body, code)


DIALECT = Dialect(
    sent=OK,
    throttled=no(429, "Too Many Requests: retry after 35", retry_after=35),
    gone=no(403, "Forbidden: bot was blocked by the user"),
    rejected=no(400, "Bad Request: message is too long"),
    sent_id="77",
    throttled_wait=35,
)


@asynccontextmanager
async def channel_at(url: str, secret: str = "s3cret", **settings: Any) -> AsyncIterator[TelegramChannel]:
    quick = {"connect_timeout": 1, "read_timeout": 0.4, "upload_timeout": 0.4, "poll_seconds": 0, **settings}
    account = Account(1, "thử", "telegram", "7012345678", {"token": TOKEN, "webhook_secret": secret}, url, quick)
    channel = TelegramChannel(account, lambda: NOW)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.close()


def result(**fields: Any) -> Answer:
    return said({"ok": True, "result": {"message_id": 77, **fields}})


VOICE = result(voice={"file_id": "VOICE-1", "duration": 3})


def heard(name: str) -> Heard | None:
    account = Account(1, "thử", "telegram", "7012345678", {"token": TOKEN}, "http://127.0.0.1:1", {})
    channel: Channel = TelegramChannel(account, lambda: NOW)
    found = channel.read((RECORDED / f"{name}.json").read_bytes())
    return found[0] if found else None
