"""The log of sends that benchmarks read: in the order of arrival, bounded, and silent unless it was asked for."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox import telegram_log
from bot.sandbox.telegram import BotConfig, Config, app

TOKEN, OTHER = "111:main-secret", "222:other-secret"
BOTS = {TOKEN: BotConfig(111, "thontin_bot"), OTHER: BotConfig(222, "khac_bot")}


class Server:
    """The emulator with open chats."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client

    async def log(self, on: bool = True) -> None:
        async with self.client.post("/_control/settings", json={"log_sends": on}) as answer:
            assert answer.status == 200

    async def send(self, chat: int, text: str, token: str = TOKEN) -> int:
        async with self.client.post(f"/bot{token}/sendMessage", json={"chat_id": chat, "text": text}) as answer:
            return answer.status

    async def look(self, path: str) -> Any:
        async with self.client.get(f"/_control/{path}") as answer:
            return await answer.json()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with TestClient(TestServer(app(Config(BOTS, open_chats=True)))) as client:
        yield Server(client)


async def test_nothing_is_kept_unless_somebody_asks(server: Server) -> None:
    await server.send(5, "một")
    assert await server.look("sends") == {"sends": [], "last": 0}
    assert await server.look("told") == {"messages": 0, "chats": 0, "twice": 0, "open": 0}


async def test_sends_are_told_in_the_order_they_came_also_refused_ones(server: Server) -> None:
    await server.log()
    await server.send(5, "một")
    assert await server.send(5, "") == 400
    await server.send(5, "ba", token=OTHER)
    kept = await server.look("sends")
    assert [(one["n"], one["chat"], one["text"]) for one in kept["sends"]] == [
        (1, "5", "một"), (2, "5", ""), (3, "5@khac_bot", "ba"),
    ]  # fmt: skip
    assert [one["at_ms"] for one in kept["sends"]] == sorted(one["at_ms"] for one in kept["sends"])
    assert [one["n"] for one in (await server.look("sends?after=1"))["sends"]] == [2, 3]


async def test_chats_told_more_than_once_are_counted(server: Server) -> None:
    await server.log()
    for chat, text in ((5, "một"), (6, "một"), (5, "một"), (5, "hai"), (6, "")):
        await server.send(chat, text)
    assert await server.look("told") == {"messages": 4, "chats": 2, "twice": 1, "open": 0}


async def test_only_the_newest_sends_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_log, "MOST_SENDS", 2)
    async with TestClient(TestServer(app(Config(BOTS, open_chats=True)))) as client:
        server = Server(client)
        await server.log()
        for text in ("một", "hai", "ba"):
            await server.send(5, text)
        assert [one["text"] for one in (await server.look("sends"))["sends"]] == ["hai", "ba"]
        assert [one["text"] for one in (await server.look("sends?after=2"))["sends"]] == ["ba"]
