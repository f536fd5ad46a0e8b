"""Messages over the real webhook of a Zalo OA: how fast each is taken in, and whether every one is answered."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.emulators import Emulators, emulators
from content.faq import STARTER, load_entries
from content.units import Gazetteer
from content.vietnamese import fold
from storage import Database
from tests.bench.world import (
    PROVINCE,
    Phones,
    Product,
    chat_of,
    opened,
    populate,
    running,
    scratch,
    settings_of,
    share,
)

SIZE = 1_000_000
RATE = 200.0  # messages a second
SECONDS, STEP_SECONDS = 20.0, 8.0
STEPS = (100.0, 125.0, 150.0, 175.0, 250.0, 300.0, 350.0, 400.0, 500.0)
BOUND_MS = 100.0  # the p99 that a rate must keep
PAUSE = 1.0  # seconds between two messages of one person
MOST_PAUSES = 7  # of the longest script
BLOCK = 20  # messages, in the shares that are measured: 8 taps and commands, 5 questions, 3 places, 4 report steps
STRANGER = 10**6
WHAT_HAPPENED = (
    "Đường vào bản bị sạt lở, xe máy không đi được từ hôm qua",
    "Cột điện trước nhà nghiêng, dây võng xuống gần mái",
    "Kênh thủy lợi tắc rác, nước tràn vào ruộng",
    "Đèn đường hỏng cả tuần nay chưa ai sửa",
)
MORE = (
    "Nhà tôi ở cuối đường, có mấy hộ cũng bị",
    "Từ hôm qua tới giờ chưa thấy ai xuống xem",
    "Nhờ xã cho người xem giúp",
)
WHERE = ("gần nhà văn hóa bản", "đầu cầu treo", "cạnh trường mầm non", "khu chợ cũ")


@dataclass(slots=True)
class Message:
    """One message of one person, and how it went: times are seconds of the monotonic clock, `at_ms` is wall time."""

    chat: str
    kind: str  # tap | question | place | report
    words: str
    due: float = 0.0
    begun: float = 0.0
    took: float = 0.0
    at_ms: int = 0
    status: int = 0


@dataclass
class Crowd:
    """People who write, each of them once in a run. Every tenth question comes from somebody never heard of before."""

    stored: int
    dice: random.Random
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        commons = [one for one in Gazetteer.load().communes() if one.province.code == PROVINCE]
        names = [word for one in commons for word in (one.full_name, one.name, f"{one.type} {one.name}")]
        self._places = [*names, *map(fold, names)]
        self._questions = [q for one in load_entries(STARTER) for q in (one.question, *one.alternatives, *one.keywords)]
        self._questions += list(map(fold, self._questions))

    def person(self, stranger: bool = False) -> str:
        """Somebody who has not written yet in this run."""
        while True:
            number = self.dice.randint(1, self.stored) + (self.stored + STRANGER if stranger else 0)
            chat = chat_of(number)
            if chat not in self.used:
                self.used.add(chat)
                return chat

    def block(self) -> list[tuple[int, Message]]:
        """`BLOCK` messages of ten people; with each, how many pauses after the block's begin it is due."""
        pick, made = self.dice.choice, list[tuple[int, Message]]()
        steps = (
            ("tap", "phản ánh"), ("tap", "1"), ("report", pick(WHERE)), ("report", pick(WHAT_HAPPENED)),
            ("report", pick(MORE)), ("tap", "xong"), ("tap", "1"), ("report", "không"),
        )  # fmt: skip
        reporter = self.person()
        made += [(late, Message(reporter, kind, words)) for late, (kind, words) in enumerate(steps)]
        for _ in range(3):
            chat = self.person()
            made += [(0, Message(chat, "place", pick(self._places))), (1, Message(chat, "tap", "1"))]
        for number in range(5):
            chat = self.person(stranger=number == 0 and self.dice.random() < 0.5)
            made.append((0, Message(chat, "question", pick(self._questions))))
        made.append((0, Message(self.person(), "tap", pick(("trợ giúp", "xã của tôi", "chủ đề", "TRO GIUP")))))
        self.dice.shuffle(made)
        return made


def plan(crowd: Crowd, rate: float, seconds: float) -> list[Message]:
    """Messages at `rate` a second with Poisson arrivals; the first `MOST_PAUSES` pauses only fill the dialogues."""
    whole = MOST_PAUSES * PAUSE + seconds
    ordered: list[tuple[float, Message]] = []
    for number in range(int(whole * rate / BLOCK) + 1):
        begin = number * BLOCK / rate
        ordered += [(begin + late * PAUSE + at / rate, one) for at, (late, one) in enumerate(crowd.block())]
    ordered.sort(key=lambda pair: pair[0])
    made = [message for nominal, message in ordered if nominal <= whole]
    for (nominal, message), apart in zip(ordered, _poisson(crowd.dice, rate, PAUSE / 2), strict=False):
        message.due = nominal + apart
    return sorted(made, key=lambda one: one.due)


def _poisson(dice: random.Random, rate: float, most: float) -> Iterator[float]:
    """How far the arrivals of a Poisson process stray from even ones, `most` seconds at most."""
    strayed = 0.0
    while True:
        strayed = min(most, max(-most, strayed + dice.expovariate(rate) - 1 / rate))
        yield max(0.0, strayed + most)


async def play(session: aiohttp.ClientSession, phones: Phones, messages: list[Message]) -> None:
    """Send each message when it is due, whether or not the ones before were answered."""
    start = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for message in messages:
            message.due += start
            wait = message.due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(_one(session, phones, message))


async def _one(session: aiohttp.ClientSession, phones: Phones, message: Message) -> None:
    message.begun, message.at_ms = time.monotonic(), time.time_ns() // 1_000_000
    message.status = await phones.say(session, message.chat, message.words)
    message.took = time.monotonic() - message.due


def judged(messages: list[Message], rate: float) -> dict[str, Any]:
    """One load in figures. Latency is counted from when a message was due, so that a stall hides nothing."""
    start = min(one.due for one in messages) + MOST_PAUSES * PAUSE
    counted = [one for one in messages if one.due >= start] or messages
    took = [one.took * 1000 for one in counted]
    kinds = Counter(one.kind for one in counted)
    last = max(one.due + one.took for one in counted)
    return {
        "rate": rate,
        "messages": len(counted),
        "per_s": round(len(counted) / (last - counted[0].due), 1),
        "p50_ms": round(share(took, 0.5), 1),
        "p99_ms": round(share(took, 0.99), 1),
        "most_ms": round(max(took), 1),
        "lag_p99_ms": round(share([(one.begun - one.due) * 1000 for one in counted], 0.99), 1),
        "errors": sum(one.status != 200 for one in counted),
        "mix": {kind: round(count / len(counted), 3) for kind, count in sorted(kinds.items())},
    }


async def answers(world: Emulators, messages: list[Message], seconds: float = 60.0) -> dict[str, Any]:
    """Wait until nothing more arrives on the phones; then how many messages stayed unanswered, how late the others."""
    before, end = -1, time.monotonic() + seconds
    while (now := (await world.look("zalo_oa", "counts"))["accepted"]) != before and time.monotonic() < end:
        before = now
        await asyncio.sleep(3)  # longer than the spool rests between two replays
    by_chat: dict[str, list[Message]] = {}
    for one in messages:
        by_chat.setdefault(one.chat, []).append(one)
    lost, late = 0, list[float]()
    async with aiohttp.ClientSession(world.addresses["zalo_oa"]) as session:
        for chat, said in by_chat.items():
            heard = await _heard(session, chat)
            lost += max(0, len(said) - len(heard))
            late += [next((at - one.at_ms for at in heard if at >= one.at_ms), 0) for one in said]
    return {"lost": lost, "answer_p50_ms": round(share(late, 0.5)), "answer_p99_ms": round(share(late, 0.99))}


async def _heard(session: aiohttp.ClientSession, chat: str) -> list[int]:
    """When each of our messages reached this phone, ms UTC."""
    async with session.get(f"/_control/users/{chat}/chat") as answer:
        if answer.status != 200:
            return []
        items = (await answer.json())["items"]
    return [one["at_ms"] for one in items if one["who"] == "bot"]


@asynccontextmanager
async def stage(size: int, database: str | None, actors: int) -> AsyncIterator[tuple[Emulators, Product, Crowd]]:
    """The sandbox without limits, a database of `size` citizens (at least `actors`), the product at work on both."""
    with scratch(database) as (folder, url):
        async with emulators(zalo_oa={"oa_per_minute": 0, "app_per_minute": 0}) as world:
            await world.control("zalo_oa", "settings", any_user=True, echo=False, receipts=False, enforce_limits=False)
            no_limits = {"zalo_oa_per_minute": 1_000_000, "zalo_app_per_minute": 1_000_000}
            settings = settings_of(world, folder, url, source_system="none", **no_limits)
            crowd = Crowd(max(size, actors), random.Random(53))
            _store(opened(settings), crowd.stored)
            async with running(settings) as product:
                yield world, product, crowd


def _store(database: Database, size: int) -> None:
    try:
        populate(database, "zalo_oa", size)
    finally:
        database.close()


def _actors(seconds: float, rates: Iterator[float] | list[float], step: float) -> int:
    """People enough for every load, with room to choose from."""
    whole = MOST_PAUSES * PAUSE * 2
    messages = (whole + seconds) * RATE + sum((whole + step) * rate for rate in rates)
    return int(messages)


async def _measure(size: int, database: str | None, seconds: float, steps: tuple[float, ...]) -> dict[str, Any]:
    """The required load and its answers, then the steps for as long as their p99 stays within the bound."""
    async with stage(size, database, _actors(seconds, list(steps), STEP_SECONDS)) as (world, product, crowd):
        connector = aiohttp.TCPConnector(limit=0, force_close=False)
        async with aiohttp.ClientSession(connector=connector) as session:
            phones = Phones.of(world, product)
            messages = plan(crowd, RATE, seconds)
            await play(session, phones, messages)
            told = judged(messages, RATE) | await answers(world, messages) | {"citizens": crowd.stored}
            told["rss_mib"], best = product.rss_mib(), told["per_s"] if told["p99_ms"] <= BOUND_MS else 0.0
            told["steps"], passed = [], best > 0
            for rate in steps:
                if rate < RATE and passed:
                    continue  # the required load went well: only faster ones are of interest
                step = plan(crowd, rate, STEP_SECONDS)
                await play(session, phones, step)
                found = judged(step, rate)
                told["steps"].append({key: found[key] for key in ("rate", "per_s", "p50_ms", "p99_ms", "errors")})
                await answers(world, [])
                if found["p99_ms"] > BOUND_MS or found["errors"]:
                    break
                best = found["per_s"]
            return told | {"best_per_s": best}


def run(
    size: int | None = None,
    database: str | None = None,
    seconds: float = SECONDS,
    steps: tuple[float, ...] = STEPS,
) -> dict[str, Any]:
    """200 messages a second with almost nobody stored, then with `size` citizens stored (default 1,000,000).

    `per_s` is the highest rate that kept the p99 to the 200 within 100 ms; the latencies are those at 200 a second.
    """
    size = SIZE if size is None else size
    started = time.monotonic()
    empty = asyncio.run(_measure(0, database, seconds, ())) if size else {}
    told = asyncio.run(_measure(size, database, seconds, steps))
    shown = ("citizens", "messages", "errors", "lost", "answer_p50_ms", "answer_p99_ms", "lag_p99_ms", "mix", "steps")
    return {
        "bench": "inbound",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(time.monotonic() - started, 1),
        "per_s": told["best_per_s"],
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "rss_mib": told["rss_mib"],
        **{key: told[key] for key in shown},
        **({"empty": {key: empty[key] for key in ("citizens", "p50_ms", "p99_ms", "errors", "lost")}} if empty else {}),
    }
