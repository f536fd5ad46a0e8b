"""From the press of the button to the last row of the ledger, with hamlets, topics, and people who write meanwhile."""

import asyncio
import random
import time
from typing import Any

import aiohttp
from sqlalchemy import case, func, select

from bot.emulators import emulators
from content.hamlets import key
from content.units import Gazetteer
from storage import Database, accounts
from storage.announcements import Announcement
from storage.citizens import Address, Follow
from storage.outbox import Delivery
from tests.bench.desk import CHAIR, signed_in, staff, written
from tests.bench.inbound import MOST_PAUSES, PAUSE, Crowd, Message, plan, play
from tests.bench.world import (
    PROVINCE,
    Phones,
    fill,
    opened,
    populate,
    running,
    scratch,
    settings_of,
    share,
    table_of,
)

SIZE = 1_000_000
RATE = 50.0  # messages a second that people write meanwhile
BEFORE = 5.0  # seconds of them before the button is pressed
PATIENCE = 300.0
HAMLETS = ("Bản Tâu", "Bản Nà Luống", "Thôn Hồng Sát", "Bản Na Tông")
OTHERS = ("Bản Mé", "Bản Co Kham", "Thôn Yên Bình", "Bản Pá Khôm", "Bản Noong Nhai")
TOPIC = "services"
# Of twenty followers two name no hamlet, eight live in one of the four, ten elsewhere; of ten one wants other topics.
SECOND_ADDRESS = 10  # every so many people have Telegram too, and wrote there last


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """One routine announcement to `size` followers of a commune (default 1,000,000), half of the hamlets, one topic.

    `seconds` from the press until the announcement says that it is through, `per_s` followers a second; p50 and p99
    are those of the 200 to people who write meanwhile; `violations` counts people with two copies, and rows that an
    independent count does not have, or has besides.
    """
    return asyncio.run(_measure(SIZE if size is None else size, database))


async def _measure(size: int, database: str | None) -> dict[str, Any]:
    commune = next(one.code for one in Gazetteer.load().communes() if one.province.code == PROVINCE)
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await world.control("telegram", "settings", open_chats=True)
            await world.control("zalo_oa", "settings", any_user=True, echo=False, receipts=False)
            base = opened(settings := settings_of(world, folder, url, source_system="none"))
            try:
                _store(base, size, commune)
                body = "Bà con nhớ sạc đèn, sạc điện thoại, trữ nước từ tối nay."
                row = written(base, commune, "routine", "Ngày mai cúp điện từ 7 giờ", body, TOPIC, HAMLETS)
                async with running(settings) as product, aiohttp.ClientSession() as session:
                    messages = plan(Crowd(size, random.Random(53)), RATE, size / 20_000 + 4 * BEFORE)
                    writing = asyncio.create_task(play(session, Phones.of(world, product), messages))
                    await asyncio.sleep(MOST_PAUSES * PAUSE + BEFORE)
                    async with signed_in(product, CHAIR) as desk:
                        pressed = time.monotonic()
                        await desk.press(row, "send")
                    shown, ended = await _through(base, row)
                    await asyncio.sleep(2)  # whoever wrote in the last moment has their 200
                    writing.cancel()
                    await asyncio.gather(writing, return_exceptions=True)
                    rss = product.rss_mib(peak=True)
                wrong, rows = _checked(base, row, size)
            finally:
                base.close()
    seconds = ended - pressed
    return {
        "bench": "publish",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(seconds, 2),
        "per_s": round(size / seconds),
        **_meanwhile(messages, pressed, ended),
        "rss_mib": rss,
        "violations": wrong,
        "rows": rows,
        "rows_per_s": round(rows / seconds),
        "spread_ms": shown.spread_done_at - shown.published_at,
    }


def _store(database: Database, size: int, commune: str) -> None:
    """`size` followers on the OA; some have Telegram as well. Hamlets and topics in turn."""
    populate(database, "zalo_oa", size, commune)
    with database.transaction() as tx:
        telegram = next(one.id for one in accounts.every(tx) if one.channel == "telegram")
        now = tx.now
    to = table_of(Address)
    with database.engine.begin() as connection:
        both = select(to).where(to.c.citizen_id % SECOND_ADDRESS == 0).subquery()
        fill(connection, Address, both, citizen_id=both.c.citizen_id, account_id=telegram,
             chat=both.c.chat, heard_at=now + 1)  # fmt: skip
        connection.execute(_hamlets_and_topics())
    staff(database)


def _hamlets_and_topics() -> Any:
    to = table_of(Follow)
    place, taste = to.c.citizen_id % 20, to.c.citizen_id // 20 % 10
    hamlets = {number: (HAMLETS * 2 + OTHERS * 2)[number - 2] for number in range(2, 20)}
    lives = case(hamlets, value=place, else_="")
    keys = case({number: key(name) for number, name in hamlets.items()}, value=place, else_="")
    topics = case({6: "services,health", 7: "policy,services", 8: "services", 9: "farming"}, value=taste, else_="")
    return to.update().values(hamlet=lives, hamlet_key=keys, topics=topics)


async def _through(database: Database, row: Announcement) -> tuple[Announcement, float]:
    """Wait until the announcement says that everybody is in the ledger; it, and when (monotonic seconds)."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with database.reading() as tx:
            shown = tx.session.get(Announcement, row.id)
        if shown is not None and shown.spread_done_at:
            return shown, time.monotonic()
        await asyncio.sleep(0.05)
    raise RuntimeError("the announcement was not spread")


def _checked(database: Database, row: Announcement, size: int) -> tuple[int, int]:
    """How many rows are wrong, and how many there are: counted over people, not by the statement that wrote them."""
    wanted = sum(number % 20 < 10 and number // 20 % 10 != 9 for number in range(1, size + 1))
    rows, to = table_of(Delivery), table_of(Address)
    of_people = rows.join(to, to.c.id == rows.c.address_id)
    found = select(func.count(), func.count(to.c.citizen_id.distinct())).select_from(of_people)
    with database.reading() as tx:
        count, people = tx.run(found.where(rows.c.announcement_id == row.id)).one()
    return count - people + abs(people - wanted), count


def _meanwhile(messages: list[Message], begun: float, ended: float) -> dict[str, float]:
    """How those fared who wrote between two moments of the monotonic clock."""
    heard = [one for one in messages if one.begun and begun <= one.due <= ended]
    took = [one.took * 1000 for one in heard]
    return {
        "p50_ms": round(share(took, 0.5), 1),
        "p99_ms": round(share(took, 0.99), 1),
        "most_ms": round(share(took, 1.0), 1),
        "messages": len(heard),
        "errors": sum(one.status != 200 for one in heard),
    }
