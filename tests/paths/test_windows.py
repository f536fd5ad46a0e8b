"""Zalo's windows over the real way: who is told for nothing, who for money, who not, and what it is counted as."""

import json

from storage import Transaction, accounts, progress, quotas
from storage.announcements import Announcement
from tests.stage import DAY_MS, Deployment, Phone, until


async def agree(deployment: Deployment, channel: str, **terms: str) -> int:
    """Give an account these terms and wait until its sender knows them; the account's id."""

    def keep(tx: Transaction) -> accounts.Account:
        row = next(one for one in accounts.every(tx) if one.channel == channel)
        row.settings = json.dumps({**json.loads(row.settings), "terms": terms})
        return tx.add(row)

    row = await deployment.write(keep)

    async def known() -> bool:
        found = deployment.context.fleet.account(row.id)
        return bool(found and found.settings == row.settings)

    await until(known)
    return int(row.id)


async def later(deployment: Deployment, days: float) -> None:
    """Time passes, here and at Zalo."""
    ms = int(days * DAY_MS)
    deployment.clock.ahead += ms
    await deployment.world.control("zalo_oa", "clock", advance_ms=ms)


async def ended(deployment: Deployment, row: Announcement) -> dict[str, int]:
    """How an announcement's deliveries have ended."""
    await deployment.quiet()
    return await deployment.read(lambda tx: progress.counts(tx, row.id or 0))  # type: ignore[no-any-return]


async def used(deployment: Deployment, account: int, month: str) -> dict[str, int]:
    """What the quota ledger says."""
    return await deployment.read(lambda tx: quotas.used(tx, account, month))  # type: ignore[no-any-return]


def month_of(deployment: Deployment) -> str:
    from handlers.terms import month

    return month(deployment.clock())


async def paid(deployment: Deployment) -> int:
    """How many messages Zalo has billed."""
    return int((await deployment.world.look("zalo_oa", "state"))["paid"])


async def two(deployment: Deployment) -> list[Phone]:
    """Two followers on Zalo."""
    people = await deployment.phones("zalo_oa", "zalo_oa")
    for phone in people:
        await phone.follow()
    await deployment.quiet()
    return people


async def test_nobody_is_told_for_money_that_was_not_agreed(deployment: Deployment) -> None:
    near, _ = await two(deployment)
    await later(deployment, 3)
    await near.say("trợ giúp", "Kênh này làm được mấy việc")
    row = await deployment.announce("Cúp điện bản Tâu sáng mai")
    await near.hears("Cúp điện")
    assert await ended(deployment, row) == {"sent": 1, "never": 1}
    assert await paid(deployment) == 0


async def test_the_reserve_is_kept_for_an_emergency_and_money_is_counted_once(deployment: Deployment) -> None:
    people = await two(deployment)
    account = await agree(deployment, "zalo_oa", spend="yes", paid_per_month="3", reserve="1")
    await later(deployment, 3)
    news = await deployment.announce("Cúp điện bản Tâu sáng mai")
    assert await ended(deployment, news) == {"sent": 2}
    more = await deployment.announce("Họp bản tối mai")
    assert await ended(deployment, more) == {"queued": 2}
    alert = await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
    assert await ended(deployment, alert) == {"sent": 1, "queued": 1}
    assert await paid(deployment) == 3
    assert await used(deployment, account, month_of(deployment)) == {"paid": 3}
    told = [one for one in people if [text for text in await one.texts() if "LŨ QUÉT" in text]]
    assert len(told) == 1


async def test_what_the_platform_refuses_is_given_back(deployment: Deployment) -> None:
    blocks, _ = await two(deployment)
    account = await agree(deployment, "zalo_oa", spend="yes")
    await later(deployment, 3)
    await blocks.do("block")
    row = await deployment.announce("Cúp điện bản Tâu sáng mai")
    assert await ended(deployment, row) == {"sent": 1, "gone": 1}
    assert await used(deployment, account, month_of(deployment)) == {"paid": 1}


async def test_every_message_of_a_zalo_bot_is_counted(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_bot")
    await phone.follow()
    await deployment.quiet()
    accepted = (await deployment.world.look("zalo_bot", "counts"))["accepted"]
    account = await deployment.read(lambda tx: next(a.id for a in accounts.every(tx) if a.channel == "zalo_bot"))
    assert await used(deployment, account, month_of(deployment)) == {"message": accepted}


async def test_a_zalo_bot_that_has_used_its_month_still_warns(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_bot")
    await phone.follow()
    await deployment.quiet()
    accepted = (await deployment.world.look("zalo_bot", "counts"))["accepted"]
    await agree(deployment, "zalo_bot", messages_per_month=str(accepted + 1), reserve="1")
    await phone.do("text", text="trợ giúp")
    await deployment.quiet()
    row = await deployment.announce("Cúp điện bản Tâu sáng mai")
    assert await ended(deployment, row) == {"queued": 1}
    await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
    await phone.hears("LŨ QUÉT")
    assert not [text for text in await phone.texts() if "Cúp điện" in text]
