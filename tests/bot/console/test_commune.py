"""The commune's quiet hours on the officials' page."""

import pytest

from storage import communes
from tests.bot.console.world import HERE, THERE, Client, World, send, sign_in, text_of


def hours(world: World, commune: str = HERE) -> communes.Hours:
    with world.work.database.reading() as tx:
        return communes.hours(tx, [commune])[commune]


async def test_a_commune_whose_people_leave_at_five_says_so(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    assert "21 giờ 30" in await text_of(client, "/console/commune")
    shown = await send(client, "/console/commune", start="20:30", end="05:00")
    assert "<strong>20 giờ 30</strong> đến <strong>5 giờ</strong>" in shown
    assert (hours(world), hours(world, THERE)) == ((1230, 300), (1290, 360))


async def test_equal_times_are_no_quiet_hours(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    assert "cả ban đêm" in await send(client, "/console/commune", start="00:00", end="00:00")


@pytest.mark.parametrize(("start", "end"), [("25:00", "05:00"), ("", ""), ("05:00", "21:30")])
async def test_what_is_no_night_is_refused(client: Client, world: World, start: str, end: str) -> None:
    await sign_in(client, "lan")
    await send(client, "/console/commune", 400, start=start, end=end)
    assert hours(world) == (1290, 360)


async def test_nobody_decides_for_another_commune_but_the_province(client: Client, world: World) -> None:
    await sign_in(client, "xa")
    await send(client, "/console/commune", start="22:00", end="05:00", commune=HERE)
    assert (hours(world), hours(world, THERE)) == ((1290, 360), (1320, 300))
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    await send(client, "/console/commune", start="20:00", end="05:00", commune=HERE)
    assert hours(world) == (1200, 300)
