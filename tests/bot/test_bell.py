"""Whoever is stopped while a bell is being connected leaves no connection behind."""

import asyncio
import threading
from typing import Any

import psycopg
import pytest

from bot.bell import Bell
from storage import Database, bells
from tests.stage import until


class Line:
    """Stands for a connection; it knows what was rung over it and whether it is open."""

    def __init__(self, breaks: bool = False) -> None:
        self.rung, self.open, self.breaks = list[str](), True, breaks

    def close(self) -> None:
        self.open = False


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """The connections that were made, in order. The first one's far side is gone."""
    made: list[Line] = []

    def connect(_url: str) -> Any:
        connecting.wait(5)
        made.append(Line(breaks=not made))
        return made[-1]

    def ring(line: Line, words: str) -> None:
        if line.breaks:
            raise psycopg.OperationalError("gone")
        line.rung.append(words)

    monkeypatch.setattr(bells, "connect", connect)
    monkeypatch.setattr(bells, "ring", ring)
    monkeypatch.setattr(Bell, "_listen", lambda *_: None)
    monkeypatch.setattr("bot.bell.AGAIN_SECONDS", 0.0)
    connecting.set()
    return made


connecting = threading.Event()


@pytest.fixture
def bell(sqlite_url: str, vault: Any, clock: Any) -> Bell:
    database = Database(sqlite_url, vault, clock)
    database.close()
    one = Bell(database, lambda *_: None)
    one._url = "postgresql://nowhere"
    return one


async def test_it_is_closed_however_early_the_bell_is_stopped(bell: Bell, lines: list[Line]) -> None:
    connecting.clear()
    running = asyncio.create_task(bell.run())
    bell.ring(1, urgent=True)
    await asyncio.sleep(0.05)  # a thread has begun to connect
    running.cancel()
    threading.Timer(0.1, connecting.set).start()
    await asyncio.gather(running, return_exceptions=True)
    assert [one.open for one in lines] == [False]


async def test_after_a_failure_it_rings_over_a_new_one_urgent_words_first(bell: Bell, lines: list[Line]) -> None:
    running = asyncio.create_task(bell.run())
    bell.ring(1, urgent=False)
    await until(lambda: asyncio.sleep(0, bool(lines)))
    bell.ring(2, urgent=False)
    bell.ring(3, urgent=True)
    await until(lambda: asyncio.sleep(0, len(lines) > 1 and len(lines[1].rung) > 1))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert lines[1].rung == ["3 1", "2 0"]
    assert [one.open for one in lines] == [False, False]
