"""A pace is kept as the platform counts: by arrival, in half-open windows, whatever the latency."""

import asyncio
import random
import time
from collections import deque
from itertools import pairwise

import pytest

from bot.pace import ChatPace, Pace


def most_in_a_window(arrivals: list[float], window: float) -> int:
    """The fullest half-open window."""
    held: deque[float] = deque()
    most = 0
    for at in sorted(arrivals):
        held.append(at)
        while at - held[0] >= window:
            held.popleft()
        most = max(most, len(held))
    return most


@pytest.mark.parametrize(
    ("limit", "window", "latency"), [(20, 0.4, 0.0), (20, 0.4, 0.1), (9.5, 0.2, 0.05), (3, 0.2, 0.3)]
)
async def test_no_window_holds_more_than_the_limit(limit: float, window: float, latency: float) -> None:
    pace, arrivals = Pace(limit, window), []

    async def call() -> None:
        async with pace.slot():
            await asyncio.sleep(random.random() * latency)
            arrivals.append(time.monotonic())
            await asyncio.sleep(random.random() * latency)

    await asyncio.gather(*(call() for _ in range(int(limit * 2.5))))
    assert most_in_a_window(arrivals, window) <= limit


async def test_requests_are_spaced_evenly_and_one_that_was_overslept_may_be_made_up_for() -> None:
    pace, starts = Pace(20, 0.4), []
    for _ in range(8):
        async with pace.slot():
            starts.append(time.monotonic())
    close = [after - before for before, after in pairwise(starts) if after - before < 0.4 / 20 - 0.001]
    assert len(close) <= 2
    assert starts[-1] - starts[0] >= 6 * 0.4 / 20 - 0.001


async def test_what_an_earlier_life_sent_still_counts() -> None:
    pace, began = Pace(5, 0.5), time.monotonic()
    pace.seed([0.0] * 5)
    async with pace.slot():
        assert time.monotonic() - began >= 0.49


async def test_a_platform_s_stop_is_heeded() -> None:
    pace, began = Pace(100, 1.0), time.monotonic()
    pace.stop(0.3)
    async with pace.slot():
        assert time.monotonic() - began >= 0.29


async def test_one_chat_has_one_request_at_a_time_and_a_gap_after_it() -> None:
    chats, spans = ChatPace(0.1), []

    async def call() -> None:
        async with chats.slot("a"):
            began = time.monotonic()
            await asyncio.sleep(0.02)
            spans.append((began, time.monotonic()))

    await asyncio.gather(*(call() for _ in range(3)))
    assert all(after[0] - before[1] >= 0.099 for before, after in pairwise(spans))


async def test_other_chats_do_not_wait_and_are_forgotten() -> None:
    chats = ChatPace(0.05)
    for number in range(50):
        async with chats.slot(str(number)):
            pass
    assert set(chats.busy()) <= {str(number) for number in range(50)}
    await asyncio.sleep(0.06)
    assert chats.busy() == {}
