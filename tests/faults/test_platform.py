"""The platform fails for long: down past the end of what was to go, throttling, or taking and not answering."""

import asyncio
from pathlib import Path

from bot.emulators import Emulators
from tests.faults.rig import Rig, attempts, rigged
from tests.faults.world import Tally
from tests.stage import until

HALF_AN_HOUR = 1800
PEOPLE, LIMIT = 60, 30


async def test_an_hour_without_the_platform_sends_nothing_late_and_goes_on_with_what_still_holds(
    world: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody, for who was missed is counted as missed. Repeated: nothing. Late: nothing."""
    async with rigged(world, database_url, tmp_path, PEOPLE, LIMIT) as rig:
        short = rig.queue(valid_until=rig.time.wall() + HALF_AN_HOUR * 1000)
        await until(lambda: told(rig, PEOPLE // 3))
        await rig.gate.close()
        await until(lambda: resting(rig))
        reached = await messages(rig)
        for _ in range(6):  # an hour
            await rig.time.pass_by(600)
            rig.sender.wake()
            await asyncio.sleep(0.3)
            rig.expire()
        ended = rig.counts(short)
        later = rig.queue()
        await rig.gate.open()
        await rig.time.pass_by(60)  # the longest rest of an account whose platform is down
        await rig.hurried(later, {"sent": PEOPLE})
        counts, all_ = await rig.platform(), await messages(rig)
    print(f"\n{reached} reached, {ended}")
    # Whoever was being told at that moment may have got it, and is shown as that.
    assert ended.get("sent", 0) + ended.get("unknown", 0) >= reached
    assert ended.get("unknown", 0) <= LIMIT
    assert ended["expired"] == PEOPLE - ended.get("sent", 0) - ended.get("unknown", 0) > 0
    assert all_ == reached + PEOPLE
    assert counts["violations"] == []


async def messages(rig: Rig) -> int:
    """How many have come."""
    return int((await rig.world.look("telegram", "told"))["messages"])


async def told(rig: Rig, wanted: int) -> bool:
    """Whether so many messages have come."""
    return await messages(rig) >= wanted


async def resting(rig: Rig) -> bool:
    """Whether the sender has seen that the platform is down, and holds nothing in its hands."""
    with rig.database.reading() as tx:
        return rig.sender.budget.stopped > 0 and attempts(tx, 1) > 0


async def test_ten_minutes_of_429_lose_nobody_count_as_no_attempt_and_end_in_a_slow_start(
    world: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: nothing. Failed: nothing."""
    async with rigged(world, database_url, tmp_path, PEOPLE, LIMIT) as rig:
        number = rig.queue()
        await until(lambda: told(rig, PEOPLE // 3))
        await rig.fault("throttle", retry_after=60, seconds=600)
        before = (await rig.platform())["requests"]
        for _ in range(10):
            await until(lambda: stopped(rig))
            await rig.time.pass_by(60)
        asked = (await rig.platform())["requests"] - before
        reached = await messages(rig)
        begins = rig.time.wall()
        await rig.ended(number, {"sent": PEOPLE})
        counts, tally = await rig.platform(), await rig.tally(PEOPLE)
        with rig.database.reading() as tx:
            tried = attempts(tx, number)
    seconds = [counts["by_second"].get(str(begins // 1000 + second), 0) for second in range(12)]
    print(f"\n{tally}, {asked} asked during the storm, then {seconds} a second")
    assert reached < PEOPLE
    assert tally == Tally(lost=0, repeated=0)
    assert tried == 1
    assert asked <= LIMIT + 9 * 4  # what was in flight when it began, and a few at each end of a wait
    assert counts["violations"] == []
    assert sum(seconds[:3]) <= LIMIT  # of 90


async def stopped(rig: Rig) -> bool:
    """Whether the platform has said so."""
    return rig.sender.budget.stopped > 0


async def test_a_platform_that_takes_and_does_not_answer_makes_one_marked_copy_of_what_was_open(
    world: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: what was open, once, marked."""
    open_ = 20
    async with rigged(world, database_url, tmp_path, PEOPLE, LIMIT) as rig:
        number = rig.queue()
        await until(lambda: told(rig, PEOPLE // 3))
        await rig.fault("timeout_after", count=open_)
        await rig.hurried(number, {"sent": PEOPLE})
        counts, tally = await rig.platform(), await rig.tally(PEOPLE)
    print(f"\n{tally}, at most {counts['open_max']} open")
    assert tally == Tally(lost=0, repeated=open_, thrice=0, unmarked=0)
    assert counts["violations"] == []


async def test_what_is_never_answered_is_told_twice_at_most_and_shown_as_unknown(
    world: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: everybody once at most; of what must never be repeated, nobody."""
    people = 12
    async with rigged(world, database_url, tmp_path, people, LIMIT) as rig:
        await rig.fault("drop_after")
        number = rig.queue("id > 6", once=True)
        await rig.hurried(number, {"unknown": people}, 60)
        tally = await rig.tally(people)
    assert tally == Tally(lost=0, repeated=6, thrice=0, unmarked=0)
