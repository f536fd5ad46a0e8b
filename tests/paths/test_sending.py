"""Whatever a platform answers: nobody is lost, nobody is told twice but marked, and others go on."""

from typing import Any

import pytest

from bot import consequences
from storage import Transaction, accounts, announcements, progress
from storage.accounts import Account
from tests.bench.world import populate
from tests.stage import CHANNELS, COMMUNE, Deployment, Phone, until

HELP = "Kênh này làm được mấy việc"
AGAIN = "Gửi lại tin đã gửi"


async def rows(deployment: Deployment, title: str = "") -> list[str]:
    """The states of an announcement's deliveries."""
    from sqlmodel import col, select

    from storage.announcements import Announcement
    from storage.outbox import Delivery

    def look(tx: Transaction) -> list[str]:
        question = select(Delivery.state).join(Announcement, col(Announcement.id) == col(Delivery.announcement_id))
        return sorted(tx.session.exec(question.where(Announcement.title == title)).all())

    return await deployment.read(look)  # type: ignore[no-any-return]


async def fault(deployment: Deployment, channel: str, name: str, **more: Any) -> None:
    """Have a platform misbehave."""
    await deployment.world.control(channel, "faults", fault=name, **more)


async def times(phone: Phone, part: str) -> int:
    """How often a phone shows something."""
    return len([one for one in await phone.texts() if part in one])


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be tried again in minutes is tried again soon."""
    monkeypatch.setattr(consequences, "LONGEST_WAIT", 0.2)


@pytest.mark.parametrize(("channel", "name"), [("telegram", "throttle"), *((one, "drop_before") for one in CHANNELS)])
async def test_what_was_certainly_not_accepted_goes_again_once(deployment: Deployment, channel: str, name: str) -> None:
    phone = await deployment.phone(channel)
    await phone.follow()
    more = {"retry_after": 1} if name == "throttle" else {}
    await fault(deployment, channel, name, count=1, **more)
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await phone.hears("Cúp điện")
    await deployment.quiet()
    assert await times(phone, "Cúp điện") == 1


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", ["error_500", "html_502", "garbage", "drop_after"])
async def test_an_unclear_answer_is_followed_by_one_marked_copy_at_most(
    deployment: Deployment, channel: str, name: str
) -> None:
    phone = await deployment.phone(channel)
    await phone.follow()
    await fault(deployment, channel, name, count=1)
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await phone.hears("Cúp điện")
    await until(lambda: ended(deployment, ["sent"]))
    counted = await deployment.world.look(channel, "counts")
    told = [one for one in await phone.texts() if "Cúp điện" in one]
    assert len(told) <= 2
    assert all(AGAIN in one for one in told[1:])
    assert counted["repeated"] == 0


async def test_what_stays_unclear_ends_unknown(deployment: Deployment) -> None:
    phone = await deployment.phone("telegram")
    await phone.follow()
    await deployment.quiet()
    await fault(deployment, "telegram", "drop_after")
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await until(lambda: ended(deployment, ["unknown"]))
    assert await times(phone, "Cúp điện") == 2
    assert await times(phone, AGAIN) == 1


async def ended(deployment: Deployment, wanted: list[str]) -> bool:
    """Whether the announcement's rows have come to their end."""
    return await rows(deployment, "Cúp điện bản Tâu sáng mai") == wanted


async def test_a_hanging_platform_holds_up_nobody_else(deployment: Deployment) -> None:
    stuck, free = await deployment.phone("telegram"), await deployment.phone("telegram")
    zalo = await deployment.phone("zalo_oa")
    for phone in (stuck, free, zalo):
        await phone.follow()
    await deployment.quiet()
    await fault(deployment, "telegram", "timeout_before", chat=stuck.id)
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await free.hears("Cúp điện")
    await zalo.hears("Cúp điện")
    async with aclear(deployment, "telegram"):
        await stuck.hears("Cúp điện")


class aclear:
    """Clear a platform's faults."""

    def __init__(self, deployment: Deployment, channel: str) -> None:
        self._url = f"{deployment.world.addresses[channel]}/_control/faults"

    async def __aenter__(self) -> None:
        import aiohttp

        async with aiohttp.ClientSession() as session, session.delete(self._url) as answer:
            answer.raise_for_status()

    async def __aexit__(self, *_: object) -> None:
        return


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_revoked_token_suspends_one_account_and_keeps_its_queue(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    other = await deployment.phone("telegram" if channel != "telegram" else "zalo_oa")
    await phone.follow()
    await other.follow()
    await deployment.quiet()
    await fault(deployment, channel, "revoked", method="*")
    await fault(deployment, channel, "revoked")
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await other.hears("Cúp điện")
    account = await until(lambda: suspended(deployment, channel))
    assert account.why
    await until(lambda: ended(deployment, ["queued", "sent"]))
    # What the citizen says is heard all the same, and answered when the account is repaired.
    n = await phone.do("text", text="trợ giúp")
    await until(lambda: asked_for_help(deployment, account.id))
    async with aclear(deployment, channel):
        await deployment.write(lambda tx: accounts.resume(tx, account.id))
        await phone.hears("Cúp điện", n - 1)
        await phone.hears(HELP, n)


async def suspended(deployment: Deployment, channel: str) -> Account | None:
    """The account, once it is suspended."""

    def look(tx: Transaction) -> Account | None:
        return next((one for one in accounts.every(tx) if one.channel == channel and one.status == "suspended"), None)

    return await deployment.read(look)  # type: ignore[no-any-return]


async def asked_for_help(deployment: Deployment, account_id: int) -> bool:
    """Whether an answer to the question waits in the outbox beside the announcement."""
    return bool(await deployment.read(lambda tx: progress.queued_count(tx, account_id)) >= 2)


async def counts(deployment: Deployment, number: int) -> dict[str, int]:
    """How the announcement stands."""
    return await deployment.read(lambda tx: progress.counts(tx, number))  # type: ignore[no-any-return]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_whoever_blocks_is_left_alone_until_the_next_word(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    await phone.follow()
    await deployment.quiet()
    await phone.do("block")
    await deployment.quiet()
    row = await deployment.announce("Cúp điện bản Tâu sáng mai")
    await deployment.quiet()
    first = await counts(deployment, row.id or 0)
    assert first in ({"gone": 1}, {"never": 1}, {})  # Telegram tells at once, so nothing is tried
    later = await deployment.announce("Họp bản tối mai")
    await deployment.quiet()
    assert "sent" not in await counts(deployment, later.id or 0)  # a Zalo Bot's refusal does not say why
    await phone.do("unblock")
    await phone.say("trợ giúp", HELP)
    await deployment.announce("Tiêm phòng cho trâu bò ngày mai")
    await phone.hears("Tiêm phòng")


async def test_a_person_who_writes_for_the_oa_pauses_the_dialogue_and_nothing_else(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webhooks.ECHO_SECONDS", 0.2)
    phone, other = await deployment.phones("zalo_oa", "zalo_oa")
    await phone.follow()
    await other.follow()
    await deployment.quiet()
    await phone.do("agent", text="Chào chị, em là Lan ở xã.")

    async def paused() -> bool:
        from storage import citizens

        found = await deployment.read(lambda tx: citizens.known(tx, oa(tx), phone.id))
        return bool(found[1].paused_until)

    await until(paused)
    n = await phone.do("text", text="làm khai sinh cho con cần gì")
    await other.say("làm khai sinh cho con cần gì", "xem lại ngày")
    await deployment.quiet()
    assert await phone.items(n) == []
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await phone.hears("Cúp điện")


def oa(tx: Transaction) -> int:
    """The OA's account."""
    found = accounts.named(tx, "zalo-oa")
    assert found is not None
    return found.id or 0


async def test_our_own_messages_come_back_as_ours(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.webhooks.ECHO_SECONDS", 0.3)
    phone = await deployment.phone("zalo_oa")
    await phone.follow()
    await fault(deployment, "zalo_oa", "drop_after", count=1)
    await phone.say("trợ giúp", HELP)
    await phone.say("xóa dữ liệu của tôi", "Xóa thật chứ")
    await phone.say("1", "Đã xóa hết")
    await deployment.quiet()
    from storage import audit

    assert not [one for one in await deployment.read(audit.latest) if one.action == "account.foreign_send"]


async def test_a_talkative_chat_does_not_hold_up_the_others(opened: Any) -> None:
    async with opened(chat_gap=0.3) as deployment:
        loud, quiet = await deployment.phones("telegram", "telegram")
        for _ in range(30):
            await loud.do("text", text="trợ giúp")
        await until(lambda: many_queued(deployment))
        await quiet.say("trợ giúp", HELP)
        assert await times(loud, HELP) < 30


async def many_queued(deployment: Deployment) -> bool:
    """Whether the loud one's answers wait."""
    telegram = await deployment.read(lambda tx: next(a.id for a in accounts.every(tx) if a.channel == "telegram"))
    return bool(await deployment.read(lambda tx: progress.queued_count(tx, telegram)) > 20)


async def test_an_emergency_overtakes_a_broadcast_that_is_under_way(opened: Any) -> None:
    from sqlalchemy import select

    from storage.outbox import EMERGENCY, Delivery

    async with opened(telegram_per_second=10, headroom=0) as deployment:
        await deployment.world.control("telegram", "settings", open_chats=True)
        populate(deployment.context.work.database, "telegram", 40, COMMUNE)
        await deployment.announce("Cúp điện bản Tâu sáng mai")
        await until(lambda: some_sent(deployment, 5))
        alert = await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
        await until(lambda: told(deployment, alert.id or 0, 20))
        rows = select(Delivery.lane, Delivery.sent_at).where(Delivery.sent_at > 0)  # type: ignore[call-overload]
        sent = await deployment.read(lambda tx: [tuple(one) for one in tx.session.execute(rows)])
        first = min(at for lane, at in sent if lane == EMERGENCY)
        last = sorted(at for lane, at in sent if lane == EMERGENCY)[19]
        decided = await deployment.read(lambda tx: published_at(tx, alert.id or 0))
        # Nine that were claimed for the coming second go back to the queue; nothing of them comes in between.
        assert len([at for lane, at in sent if lane != EMERGENCY and decided < at <= first]) <= 4
        assert len([at for lane, at in sent if lane != EMERGENCY and first < at <= last]) <= 1


def published_at(tx: Transaction, number: int) -> int:
    """When it was decided that it goes out."""
    row = announcements.of(tx, number)
    assert row is not None
    return row.published_at


async def some_sent(deployment: Deployment, wanted: int) -> bool:
    """Whether the broadcast is under way."""
    return (await rows(deployment, "Cúp điện bản Tâu sáng mai")).count("sent") >= wanted


async def told(deployment: Deployment, number: int, wanted: int) -> bool:
    """Whether so many have had it."""
    return (await counts(deployment, number)).get("sent", 0) >= wanted
