"""The main job from end to end: real webhooks, real emulators, both databases."""

from tests.stage import CHANNELS, COMMUNE, ELSEWHERE, Deployment


async def test_people_follow_by_link_on_every_phone(deployment: Deployment) -> None:
    for phone in await deployment.phones(*CHANNELS):
        await phone.hears("Kênh tin của UBND xã Thanh Nưa", await phone.open_link(COMMUNE))
        await phone.say("1", "Bà con sẽ nhận tin của xã Thanh Nưa")
    assert ELSEWHERE
