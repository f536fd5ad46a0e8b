"""The machine's clock is an hour wrong, either way: while the service lives, and over a restart."""

import time
from typing import Any

import pytest

from bot.steady import DOUBT_MS, SteadyClock
from storage import Transaction, leases, progress, takeover
from storage.announcements import Announcement
from tests.bench.world import populate
from tests.stage import COMMUNE, HOUR_MS, Deployment, Opened, Phone, until

HELP = "Kênh này làm được mấy việc"
PEOPLE, PER_SECOND = 60, 60
EITHER_WAY = pytest.mark.parametrize("leap", [HOUR_MS, -HOUR_MS], ids=["ahead", "back"])


class Machine:
    """A machine whose wall clock somebody sets; what runs on it asks `SteadyClock`, as the product does."""

    def __init__(self) -> None:
        self.leap = self.waited = 0  # ms: how wrong the clock is, and what time the test has skipped
        self.boot()

    def boot(self) -> None:
        """A process that has just started believes the clock."""
        self._steady = SteadyClock(self._wall, self._ticks)

    def _wall(self) -> int:
        return time.time_ns() // 1_000_000 + self.leap + self.waited

    def _ticks(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.waited

    def __call__(self) -> int:
        return self._steady()


@pytest.fixture
async def machine(opened: Opened) -> Machine:
    """What the deployments run on."""
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    made = Machine()
    opened.clock = made  # type: ignore[assignment]
    return made


async def told(deployment: Deployment) -> dict[str, int]:
    """What came to Telegram's phones."""
    return await deployment.world.look("telegram", "told")  # type: ignore[no-any-return]


async def some(deployment: Deployment) -> bool:
    """Whether the broadcast is under way."""
    return (await told(deployment))["messages"] >= PEOPLE // 3


async def all_sent(deployment: Deployment, row: Announcement, people: int) -> bool:
    """Whether an announcement has come to its end."""
    found = await deployment.read(lambda tx: progress.counts(tx, row.id or 0))
    return bool(found == {"sent": people})


@EITHER_WAY
async def test_a_clock_that_leaps_under_a_living_service_drops_nothing_and_holds_up_nothing(
    opened: Opened, machine: Machine, leap: int
) -> None:
    """Lost: nobody, though the alert holds for half an hour. Repeated: nothing."""
    async with opened(telegram_per_second=PER_SECOND) as deployment:
        populate(deployment.context.work.database, "telegram", PEOPLE, COMMUNE)
        row, official = await deployment.drafted("Cúp điện bản Tâu sáng mai")
        await deployment.write(lambda tx: half_an_hour(tx, row))
        assert await deployment.publish(row, official)
        await until(lambda: some(deployment))
        machine.leap = leap
        await until(lambda: all_sent(deployment, row, PEOPLE))
        machine.waited += DOUBT_MS + 1000
        machine()  # it has lasted: from now on it is believed
        assert abs(machine() - machine._wall()) < 1000
        later = await deployment.announce("Họp bản tối mai")
        await until(lambda: all_sent(deployment, later, PEOPLE))
        phone = await deployment.phone("zalo_oa")
        await phone.say("trợ giúp", HELP)
        after, counts = await told(deployment), await deployment.world.look("telegram", "counts")
    assert after == {"messages": 2 * PEOPLE, "chats": PEOPLE, "twice": PEOPLE, "open": 0}
    assert counts["repeated"] == 0


def half_an_hour(tx: Transaction, row: Announcement) -> None:
    """It holds no longer."""
    fresh = tx.session.get_one(Announcement, row.id)
    fresh.valid_until = tx.now + HOUR_MS // 2


@EITHER_WAY
async def test_a_clock_that_was_set_over_a_restart_holds_up_nothing(
    opened: Opened, machine: Machine, leap: int
) -> None:
    """Lost: nobody. Repeated: nothing. The OA answers at once, and the jobs of the clock go on."""
    async with opened(telegram_per_second=PER_SECOND) as deployment:
        populate(deployment.context.work.database, "telegram", PEOPLE, COMMUNE)
        phone = await deployment.phone("zalo_oa")
        await phone.say("trợ giúp", HELP)
        row = await deployment.announce("Cúp điện bản Tâu sáng mai")
        await until(lambda: some(deployment))
        first = await until(lambda: job_holder(deployment))
    machine.leap = leap
    machine.boot()
    async with opened(telegram_per_second=PER_SECOND) as deployment:
        await deployment.write(takeover.rebase)  # as the clock does every half minute
        await answered(phone)
        await until(lambda: all_sent(deployment, row, PEOPLE))
        later = await deployment.announce("Họp bản tối mai")
        await until(lambda: all_sent(deployment, later, PEOPLE))
        after, counts = await told(deployment), await deployment.world.look("telegram", "counts")
        second = await until(lambda: job_holder(deployment))
        assert second != first
    assert after == {"messages": 2 * PEOPLE, "chats": PEOPLE, "twice": PEOPLE, "open": 0}
    assert counts["repeated"] == 0


async def answered(phone: Phone) -> None:
    """Somebody asks again."""
    await phone.say("trợ giúp", HELP)


async def job_holder(deployment: Deployment) -> str:
    """Who runs the clock's jobs now; empty when nobody does."""

    def look(tx: Transaction) -> Any:
        row = tx.session.get(leases.Lease, "clock")
        return row.owner if row and row.until > leases.clock(tx) else ""

    return str(await deployment.read(look))
