"""One account in trouble: its token revoked in the middle, a tenth of its people gone, the platform of another down."""

from typing import Any

import pytest
from sqlalchemy import text

from bot import health
from storage import Transaction, accounts, progress
from storage.accounts import Account
from tests.bench.world import chat_of, populate
from tests.faults.rig import Gate
from tests.stage import COMMUNE, Deployment, Opened, until

NEWS = "Cúp điện bản Tâu sáng mai"
ALERT = "LŨ QUÉT bản Tâu, LÊN CHỖ CAO"


async def counts(deployment: Deployment, number: int | None) -> dict[str, int]:
    """State → people of an announcement, as the official's page counts them."""
    return await deployment.read(lambda tx: progress.counts(tx, number or 0))  # type: ignore[no-any-return]


async def came_to(deployment: Deployment, number: int | None, wanted: dict[str, int]) -> bool:
    """Whether an announcement has come to this end."""
    return await counts(deployment, number) == wanted


async def account(deployment: Deployment, channel: str) -> Account:
    """The account of a channel."""

    def look(tx: Transaction) -> Account:
        return next(one for one in accounts.every(tx) if one.channel == channel)

    return await deployment.read(look)  # type: ignore[no-any-return]


async def told(deployment: Deployment) -> dict[str, int]:
    """What came to Telegram's phones."""
    return await deployment.world.look("telegram", "told")  # type: ignore[no-any-return]


async def test_a_token_revoked_in_the_middle_of_a_broadcast_keeps_the_queue_and_goes_on_where_it_stopped(
    opened: Opened,
) -> None:
    """Lost: nobody. Repeated: nothing. The other account is not held up."""
    people, beside = 120, 40
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    await opened.world.control("zalo_bot", "settings", any_user=True)
    async with opened(telegram_per_second=60, zalo_bot_per_second=20) as deployment:
        populate(deployment.context.work.database, "telegram", people, COMMUNE)
        populate(deployment.context.work.database, "zalo_bot", beside, COMMUNE)
        row = await deployment.announce(NEWS)

        async def some() -> bool:
            return (await told(deployment))["messages"] >= people // 3

        await until(some)
        await deployment.world.control("telegram", "faults", fault="revoked")

        async def suspended() -> bool:
            return (await account(deployment, "telegram")).status == "suspended"

        await until(suspended)
        reached = (await told(deployment))["messages"]
        left = people - reached

        async def only_that_waits() -> bool:
            return await counts(deployment, row.id) == {"sent": reached + beside, "queued": left}

        await until(only_that_waits)
        why = (await account(deployment, "telegram")).why
        refused = (await deployment.world.look("telegram", "counts"))["refused"]
        await repaired(deployment)
        await until(lambda: came_to(deployment, row.id, {"sent": people + beside}))
        after, platform = await told(deployment), await deployment.world.look("telegram", "counts")
        zalo = await deployment.world.look("zalo_bot", "counts")
    print(f"\n{reached} of {people} reached, {refused} refused, then {after}: {why}")
    assert 0 < left < people
    assert why
    assert refused <= 60  # what was begun within a second at most: nobody goes on trying
    assert after == {"messages": people, "chats": people, "twice": 0, "open": 0}
    assert (platform["repeated"], zalo["repeated"], zalo["accepted"]) == (0, 0, beside)


async def repaired(deployment: Deployment) -> None:
    """The token is good again, and somebody says so."""
    import aiohttp

    where = f"{deployment.world.addresses['telegram']}/_control/faults"
    async with aiohttp.ClientSession() as session, session.delete(where) as answer:
        answer.raise_for_status()
    number = (await account(deployment, "telegram")).id or 0
    await deployment.write(lambda tx: accounts.resume(tx, number))


async def test_a_tenth_has_blocked_us_and_every_hundredth_group_has_moved(opened: Opened) -> None:
    """Lost: nobody who can be reached, moved groups among them. Repeated: nothing. A block is found out once."""
    people = 2000
    blocked = [chat_of(number) for number in range(1, people + 1) if number % 10 == 0]
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    async with opened(telegram_per_second=0) as deployment:
        database = deployment.context.work.database
        populate(database, "telegram", people, COMMUNE)
        for chat in blocked:
            await deployment.world.control("telegram", "users", name="Anh Páo", id=chat, started=True)
            await deployment.world.control("telegram", f"users/{chat}/do", action="block")
        moved = [await group(deployment, number) for number in range(1, people, 100)]
        await deployment.quiet()
        with database.transaction() as tx:  # that they have blocked us, or moved, is only found out by writing
            tx.run(text("UPDATE address SET gone_at = 0, gone_why = ''"))
            for number, (old, _) in zip(range(1, people, 100), moved, strict=True):
                tx.run(text("UPDATE address SET chat = :old WHERE chat = :chat"), {"old": old, "chat": chat_of(number)})
        row = await deployment.announce(NEWS)
        wanted = {"sent": people - len(blocked), "gone": len(blocked)}
        await until(lambda: came_to(deployment, row.id, wanted), 60)
        first = await told(deployment)
        again = await deployment.announce("Họp bản tối mai")
        await until(lambda: came_to(deployment, again.id, {"sent": wanted["sent"]}), 60)
        second, platform = await told(deployment), await deployment.world.look("telegram", "counts")
        with database.reading() as tx:
            chats = set(tx.run(text("SELECT chat FROM address WHERE gone_at = 0")).scalars())
    print(f"\n{first}, then {second}, {platform['refused']} refused")
    assert first == {"messages": wanted["sent"], "chats": wanted["sent"], "twice": 0, "open": 0}
    assert second["messages"] == 2 * wanted["sent"]
    assert {new for _, new in moved} <= chats
    assert not {old for old, _ in moved} & chats
    assert platform["refused"] == len(blocked) + len(moved)  # each found out once
    assert platform["repeated"] == 0


async def group(deployment: Deployment, number: int) -> tuple[str, str]:
    """A group that became a supergroup: its chat before, and now."""
    control = deployment.world.control
    made = await control("telegram", "users", name=f"Bản {number}", kind="group")
    await control("telegram", f"users/{made['id']}/do", action="migrate")
    people: list[dict[str, Any]] = await deployment.world.look("telegram", "users")
    found = next(one for one in people if one["id"] == made["id"])
    return str(made["chat_id"]), str(found["moved_to"])


async def test_an_emergency_in_a_broadcast_while_another_account_is_down(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: nobody. Repeated: nothing. On the account that works nothing else goes until the alert is out."""
    people, beside, limit = 100, 30, 60
    monkeypatch.setattr(health, "LONGEST_OUTAGE_WAIT", 0.5)  # it is looked for again sooner than after a minute
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    await opened.world.control("zalo_bot", "settings", any_user=True)
    gate = Gate(opened.world.addresses["zalo_bot"])
    await gate.open()
    async with opened(telegram_per_second=limit, zalo_bot_base_url=gate.address) as deployment:
        populate(deployment.context.work.database, "telegram", people, COMMUNE)
        populate(deployment.context.work.database, "zalo_bot", beside, COMMUNE)
        await gate.close()
        news = await deployment.announce(NEWS)

        async def some() -> bool:
            return (await told(deployment))["messages"] >= limit // 2

        await until(some)
        alert = await deployment.announce(ALERT, "emergency")
        await until(lambda: told_so_far(deployment, alert.id, people))
        during = await counts(deployment, alert.id)
        await gate.open()
        deployment.clock.ahead += 60_000  # what failed is tried again after some time
        for row in (alert, news):
            await until(lambda row=row: came_to(deployment, row.id, {"sent": people + beside}), 60)
        sends = (await deployment.world.look("telegram", "sends"))["sends"]
        telegram, zalo = [await deployment.world.look(name, "counts") for name in ("telegram", "zalo_bot")]
    await gate.close()
    urgent = [one["n"] for one in sends if ALERT in one["text"]]
    between = [one for one in sends if urgent[0] < one["n"] < urgent[-1] and ALERT not in one["text"]]
    print(f"\n{during} while the other was down; {len(between)} of the news among {len(urgent)} alerts")
    assert during["sent"] == people
    assert between == []
    assert (telegram["repeated"], telegram["accepted"]) == (0, 2 * people)
    assert (zalo["repeated"], zalo["accepted"]) == (0, 2 * beside)


async def told_so_far(deployment: Deployment, number: int | None, wanted: int) -> bool:
    """Whether so many have had it."""
    return (await counts(deployment, number)).get("sent", 0) >= wanted
