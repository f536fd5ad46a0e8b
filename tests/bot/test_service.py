"""What stands when a service has started is not looked through for garbage again, and garbage is looked for anew."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot import service


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    gc.unfreeze()  # what the suite itself put away
    gc.disable()  # as the command leaves it while everything is built
    yield
    gc.enable()


@pytest.mark.parametrize(("begins", "parts"), [("run", "serving"), ("work_only", "working")])
async def test_once_everything_stands_the_collector_looks_only_at_what_comes(
    begins: str, parts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    @asynccontextmanager
    async def standing(*_: Any) -> AsyncIterator[None]:
        assert not gc.isenabled()
        built.append(len(gc.get_objects()))
        yield

    monkeypatch.setattr(service, parts, standing)
    monkeypatch.setattr(service, "_stopping", _stopped)
    await getattr(service, begins)(None)
    assert gc.isenabled()
    assert gc.get_freeze_count() > built[0] / 2
    assert len(gc.get_objects()) < built[0] / 10


def _stopped() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
