"""The base of the emulators: clock, faults, counts, chats and the control API."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.emulator import EMULATOR
from bot.sandbox.outgoing import BadAddress, Outgoing
from bot.sandbox.state import Clock, Counts, Faults, Rate
from bot.sandbox.zalo_bot import BotConfig, app
from tests.bot.sandbox.receiver import Client, get, post

TOKEN = "1:secret"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(app(BotConfig(token=TOKEN)))) as client:
        await post(client, "/_control/users", {"id": "a1", "name": "Bà Hoa", "seen": True})
        yield client


async def send(client: Client, text: str = "Chào bà") -> Any:
    async with client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": "a1", "text": text}) as answer:
        return await answer.json()


async def test_the_clock_can_be_set_frozen_advanced_and_made_real_again(client: Client) -> None:
    await post(client, "/_control/clock", {"now_ms": 1_000_000, "rate": 0})
    told = await post(client, "/_control/clock", {"advance_ms": 5000})
    assert told == {"now_ms": 1_005_000, "real": False}
    assert (await get(client, "/_control/state"))["now_ms"] == 1_005_000
    assert (await post(client, "/_control/clock", {"real": True}))["real"] is True
    assert (await get(client, "/_control/state"))["now_ms"] > 1_700_000_000_000


async def test_a_wait_by_the_clock_ends_when_the_clock_is_moved_past_it() -> None:
    clock = Clock()
    clock.set(0, rate=0)
    waiting = asyncio.create_task(clock.wait_until(3_600_000))
    await asyncio.sleep(0)
    clock.advance(3_599_999)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    clock.advance(1)
    await asyncio.wait_for(waiting, 1)


async def test_a_person_writes_and_the_page_waiting_for_it_is_woken(client: Client) -> None:
    waiting = asyncio.create_task(get(client, "/_control/users/a1/chat?after=0&wait=5"))
    await asyncio.sleep(0.01)
    await send(client)
    told = await waiting
    assert told["last"] == 1
    item = told["items"][0]
    assert (item["n"], item["who"], item["kind"], item["text"]) == (1, "bot", "text", "Chào bà")


@pytest.mark.parametrize(
    ("label", "path", "body", "status"),
    [
        ("unknown action", "/_control/users/a1/do", {"action": "fly"}, 400),
        ("unknown person", "/_control/users/nobody/do", {"action": "text", "text": "x"}, 404),
        ("text without text", "/_control/users/a1/do", {"action": "text"}, 400),
        ("image that is not base64", "/_control/users/a1/do", {"action": "image", "data": "§"}, 400),
        ("second user of one id", "/_control/users", {"id": "a1", "name": "Ai"}, 400),
        ("user without a name", "/_control/users", {}, 400),
        ("unknown fault", "/_control/faults", {"fault": "rain"}, 400),
        ("unknown setting", "/_control/settings", {"colour": "red"}, 400),
        ("setting of another type", "/_control/settings", {"body": 1}, 400),
        ("clock that is no number", "/_control/clock", {"now_ms": "now"}, 400),
    ],
)
async def test_a_bad_control_request_is_told_in_one_sentence(
    client: Client, label: str, path: str, body: dict[str, Any], status: int
) -> None:
    async with client.post(path, json=body) as answer:
        assert answer.status == status, label
        assert isinstance((await answer.json())["error"], str)


@pytest.mark.parametrize(
    ("fault", "accepted", "status"),
    [
        ({"fault": "error_500"}, 0, 500),
        ({"fault": "error_500", "after": True}, 1, 500),
        ({"fault": "html_502"}, 0, 502),
        ({"fault": "slow", "ms": 1}, 1, 200),
    ],
)
async def test_an_answering_fault_strikes_once_and_is_over(
    client: Client, fault: dict[str, Any], accepted: int, status: int
) -> None:
    await post(client, "/_control/faults", fault | {"count": 1})
    async with client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": "a1", "text": "x"}) as answer:
        assert answer.status == status
    assert (await get(client, "/_control/counts"))["accepted"] == accepted
    assert (await send(client, "y"))["ok"] is True


@pytest.mark.parametrize(("fault", "accepted"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_connection_may_or_may_not_have_been_accepted(
    client: Client, fault: str, accepted: int
) -> None:
    await post(client, "/_control/faults", {"fault": fault, "count": 1})
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(client)
    counts = await get(client, "/_control/counts")
    assert (counts["accepted"], counts["refused"]) == (accepted, 1 - accepted)


@pytest.mark.parametrize(("fault", "accepted"), [("timeout_before", 0), ("timeout_after", 1)])
async def test_a_hanging_call_stays_open_until_the_client_leaves(client: Client, fault: str, accepted: int) -> None:
    await post(client, "/_control/faults", {"fault": fault, "count": 1})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(send(client), 0.1)
    while (counts := await get(client, "/_control/counts"))["open"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert (counts["accepted"], counts["open_max"]) == (accepted, 1)


async def test_garbage_is_a_200_that_is_not_json(client: Client) -> None:
    await post(client, "/_control/faults", {"fault": "garbage", "count": 1})
    async with client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": "a1", "text": "x"}) as answer:
        assert answer.status == 200
        with pytest.raises(ValueError):
            await answer.json()


async def test_a_fault_for_one_chat_leaves_the_others_alone(client: Client) -> None:
    await post(client, "/_control/faults", {"fault": "throttle", "chat": "b2"})
    assert (await send(client))["ok"] is True
    await post(client, "/_control/faults", {"fault": "throttle", "chat": "a1"})
    assert (await send(client))["ok"] is False
    async with client.delete("/_control/faults"):
        pass
    assert (await send(client))["ok"] is True


async def test_faults_on_sends_do_not_touch_other_calls_unless_named(client: Client) -> None:
    await post(client, "/_control/faults", {"fault": "error_500"})
    async with client.get(f"/bot{TOKEN}/getMe") as answer:
        assert answer.status == 200
    await post(client, "/_control/faults", {"fault": "error_500", "method": "getMe"})
    async with client.get(f"/bot{TOKEN}/getMe") as answer:
        assert answer.status == 500


def test_a_fault_lasts_its_seconds_by_the_clock() -> None:
    clock = Clock()
    clock.set(0, rate=0)
    faults = Faults(clock)
    faults.add("throttle", {"seconds": 30})
    clock.advance(29_999)
    assert faults.take("throttle") is not None
    clock.advance(1)
    assert faults.take("throttle") is None


async def test_the_same_text_accepted_twice_counts_as_repeated(client: Client) -> None:
    for text in ("một", "một", "hai"):
        await send(client, text)
    counts = await get(client, "/_control/counts")
    assert (counts["requests"], counts["accepted"], counts["repeated"]) == (3, 3, 1)
    await post(client, "/_control/counts/reset")
    assert (await get(client, "/_control/counts"))["requests"] == 0


@pytest.mark.parametrize(
    ("arrivals_ms", "broken"),
    [
        ([0, 10, 20], False),
        ([0, 10, 20, 999], True),
        ([0, 10, 20, 1000], False),  # half-open: the window of the first has ended
        ([0, 999, 1000, 1001], False),
        ([0, 999, 1000, 1001, 1002], True),
    ],
)
def test_more_than_the_limit_in_a_half_open_window_is_a_violation(arrivals_ms: list[int], broken: bool) -> None:
    clock = Clock()
    clock.set(0, rate=0)
    counts = Counts(clock, [Rate("three a second", 3, 1000)])
    for at in arrivals_ms:
        clock.set(at)
        counts.begin("a").end()
    assert bool(counts.violations) is broken


def test_two_open_requests_to_one_chat_are_a_violation_and_to_two_chats_not() -> None:
    counts = Counts(Clock(), [])
    first, second = counts.begin("a"), counts.begin("b")
    assert counts.violations == []
    counts.begin("a").end()
    assert [found["rule"] for found in counts.violations] == ["one open request per chat"]
    first.end()
    second.end()
    assert (counts.open, counts.open_max) == (0, 3)


async def test_a_file_is_served_until_it_expires(client: Client) -> None:
    await post(client, "/_control/settings", {"media_life_s": 60})
    data = base64.b64encode(b"\xff\xd8\xffanh").decode()
    await post(client, "/_control/users/a1/do", {"action": "image", "data": data, "mime": "image/jpeg"})
    url = (await get(client, "/_control/users/a1/chat"))["items"][0]["url"]
    async with client.get(url) as answer:
        assert await answer.read() == b"\xff\xd8\xffanh"
        assert answer.content_type == "image/jpeg"
    await post(client, "/_control/clock", {"advance_ms": 60_000})
    async with client.get(url) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("url", "allow_loopback", "good"),
    [
        ("https://bot.example.vn/zalo", False, True),
        ("http://bot.example.vn/zalo", False, False),
        ("https://10.0.0.1/zalo", True, False),
        ("https://localhost/zalo", False, False),
        ("http://127.0.0.1:8000/zalo", False, False),
        ("http://127.0.0.1:8000/zalo", True, True),
        ("no url", True, False),
    ],
)
def test_a_webhook_address_must_be_public_and_https(url: str, allow_loopback: bool, good: bool) -> None:
    outgoing = Outgoing(allow_loopback)
    if good:
        outgoing.check_webhook(url)
    else:
        with pytest.raises(BadAddress):
            outgoing.check_webhook(url)


async def test_fetching_from_loopback_needs_the_switch() -> None:
    outgoing = Outgoing(allow_loopback=False)
    with pytest.raises(BadAddress):
        await outgoing.fetch("http://127.0.0.1:9/x.jpg")


def test_the_application_gives_its_emulator() -> None:
    assert app(BotConfig())[EMULATOR].name == "zalo_bot"
