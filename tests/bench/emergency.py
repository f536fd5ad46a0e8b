"""An emergency in the middle of a broadcast: when its first message goes, and what still goes before its last one."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from bot.emulators import Emulators, emulators
from content.units import Gazetteer
from storage import Database
from storage.announcements import Announcement
from tests.bench.desk import CHAIR, WRITER, Desk, signed_in, staff, written
from tests.bench.rows import TITLE, states
from tests.bench.world import PROVINCE, opened, populate, running, scratch, settings_of, share

SIZE = 1_000_000
TRIALS = 50
GRACE_MS = 250  # promise 4
PEOPLE = 10  # who write to the bot, in turn
ANSWER_S, PATIENCE = 20, 120.0
MARK = "⚠ KHẨN"


@dataclass(frozen=True)
class Leg:
    """So many followers of an emergency, under these settings: the pace of the real Telegram, and none."""

    name: str
    followers: int
    settings: dict[str, Any]


LEGS = (
    Leg("paced", 60, {}),
    Leg("no_limit", 2000, {"telegram_per_second": 0, "chat_gap": 0}),
)


@dataclass
class Found:
    """What the trials of a leg found, in ms; `late_lower` are other news that came while an emergency was due."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    late_lower: int = 0
    latest_lower: float = 0.0
    told: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "trials": len(self.first),
            "first_p50_ms": round(share(self.first, 0.5)),
            "first_p99_ms": round(share(self.first, 0.99)),
            "whole_p50_ms": round(share(self.whole, 0.5)),
            "answer_p50_ms": round(share(self.answers, 0.5)),
            "answer_p99_ms": round(share(self.answers, 0.99)),
            "late_lower": self.late_lower,
            "latest_lower_ms": round(self.latest_lower),
        }


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """50 emergencies over a live broadcast to `size` people (default 1,000,000), at Telegram's pace and without one.

    The first trials meet the broadcast while it is still being spread. `p50_ms` and `p99_ms`: from the press of
    "approve" to the first message at Telegram, at its pace. `violations`: other news, but for answers, that arrived
    later than 250 ms after the publication and before the last message of the emergency.
    """
    return asyncio.run(_measure(SIZE if size is None else size, database))


async def _measure(size: int, database: str | None) -> dict[str, Any]:
    started = time.monotonic()
    places = [one.code for one in Gazetteer.load().communes() if one.province.code == PROVINCE]
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await world.control("telegram", "settings", open_chats=True, log_sends=True)
            everything = settings_of(world, folder, url, source_system="none")
            base = opened(everything)
            try:
                routine, urgent = _stored(base, size, places)
                legs, left, rss = {}, 0, 0.0
                for leg, rows in zip(LEGS, urgent, strict=True):
                    async with running(everything | leg.settings) as product:
                        async with signed_in(product, WRITER) as writer, signed_in(product, CHAIR) as chair:
                            if leg is LEGS[0]:
                                await chair.press(routine, "send")
                            legs[leg.name] = await _trials(_Scene(world, base, writer, chair), leg, rows)
                        rss = max(rss, product.rss_mib(peak=True))
                    left = states(base).get("queued", 0)
            finally:
                base.close()
    paced = legs[LEGS[0].name].as_json()
    return {
        "bench": "emergency",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(time.monotonic() - started, 1),
        "p50_ms": paced["first_p50_ms"],
        "p99_ms": paced["first_p99_ms"],
        "rss_mib": rss,
        "lost": sum(leg.followers * TRIALS - legs[leg.name].told for leg in LEGS),
        "violations": sum(one.late_lower for one in legs.values()),
        "queued_left": left,
        **{name: one.as_json() for name, one in legs.items()},
    }


def _stored(database: Database, size: int, places: list[str]) -> tuple[Announcement, list[list[Announcement]]]:
    """The crowd of one commune and its routine news; the followers of others and their emergencies, written down."""
    staff(database)
    populate(database, "telegram", size, places[0])
    body = "Bà con nhớ sạc đèn, sạc điện thoại, trữ nước từ tối nay."
    routine = written(database, places[0], "routine", TITLE, body)
    urgent = []
    for leg, place in zip(LEGS, places[1:], strict=False):
        populate(database, "telegram", leg.followers, place)
        flood = "Nước suối dâng nhanh. Rời nhà ven suối lên nhà văn hóa thôn ngay. Đừng lội qua ngầm."
        urgent.append([written(database, place, "emergency", f"Lũ quét, số {number:03}", flood, "disaster")
                       for number in range(TRIALS)])  # fmt: skip
    return routine, urgent


@dataclass(frozen=True)
class _Scene:
    world: Emulators
    database: Database
    writer: Desk
    chair: Desk


async def _trials(scene: _Scene, leg: Leg, rows: list[Announcement]) -> Found:
    """One emergency after another; between two of them the broadcast goes on."""
    dice, found = random.Random(53), Found()
    people = [await _person(scene.world) for _ in range(PEOPLE)]
    for number, row in enumerate(rows):
        await scene.writer.press(row, "send")
        await asyncio.sleep(dice.uniform(1.0, 2.0))
        await _trial(scene, leg, row, people[number % PEOPLE], found)
    return found


async def _trial(scene: _Scene, leg: Leg, row: Announcement, person: str, found: Found) -> None:
    last = (await scene.world.look("telegram", "sends?after=999999999"))["last"]
    pressed = await scene.chair.press(row, "approve")
    asking = asyncio.create_task(_asks_soon(scene.world, person))
    sends = await _all_told(scene.world, row, leg.followers, last)
    found.answers.append(await asking)
    ours = [one["at_ms"] for one in sends if one["text"].startswith(MARK) and row.title in one["text"]]
    published = _published(scene.database, row)
    lower = [one["at_ms"] - published for one in sends
             if one["text"].startswith(("Ưu tiên: ", TITLE)) and published < one["at_ms"] < ours[-1]]  # fmt: skip
    found.first.append(ours[0] - pressed)
    found.whole.append(ours[-1] - pressed)
    found.told += len({one["chat"] for one in sends if row.title in one["text"]})
    found.late_lower += sum(late > GRACE_MS for late in lower)
    found.latest_lower = max([found.latest_lower, *lower])


async def _all_told(world: Emulators, row: Announcement, followers: int, after: int) -> list[dict[str, Any]]:
    """Everything that arrived since, once each follower of the emergency was written to."""
    end, sends = time.monotonic() + PATIENCE, list[dict[str, Any]]()
    while sum(row.title in one["text"] for one in sends) < followers and time.monotonic() < end:
        newer = await world.look("telegram", f"sends?after={sends[-1]['n'] if sends else after}")
        sends += newer["sends"]
        await asyncio.sleep(0.1)
    return sends


def _published(database: Database, row: Announcement) -> int:
    """When the publishing transaction began, ms UTC: a little before its commit."""
    with database.reading() as tx:
        shown = tx.session.get(Announcement, row.id)
        assert shown is not None
        return shown.published_at


async def _person(world: Emulators) -> str:
    """Somebody with a phone, whose first words were answered."""
    made = await world.control("telegram", "users", name="Chị Hoa", started=True)
    await _answered(world, str(made["id"]))
    return str(made["id"])


async def _asks_soon(world: Emulators, person: str) -> float:
    """Somebody writes while the emergency is on its way."""
    await asyncio.sleep(2 * GRACE_MS / 1000)
    return await _answered(world, person)


async def _answered(world: Emulators, person: str) -> float:
    """Ask for help; ms until the first answer is on the phone (`ANSWER_S` seconds when none came)."""
    said = (await world.control("telegram", f"users/{person}/do", action="text", text="trợ giúp"))["n"]
    told = await world.look("telegram", f"users/{person}/chat?after={said - 1}&wait=1")
    asked, end = told["items"][0]["at_ms"], time.monotonic() + ANSWER_S
    while time.monotonic() < end:
        items = (await world.look("telegram", f"users/{person}/chat?after={said}&wait={ANSWER_S}"))["items"]
        if items:
            return float(items[0]["at_ms"] - asked)
    return ANSWER_S * 1000.0
