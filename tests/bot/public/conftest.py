"""The world behind the pages, and a browser that keeps cookies."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from tests.bot.console.world import Client, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = World(tmp_path)
    yield one
    one.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """Somebody's browser, nobody signed in."""
    async with Client(TestServer(world.app())) as one:
        yield one
