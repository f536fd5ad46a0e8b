"""The emulated OA's groups, broadcast articles and templates refuse what Zalo would refuse (reference §3.5, §7)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.zalo_oa import OaConfig, app
from tests.bot.sandbox.receiver import Client, get, post
from tests.bot.sandbox.test_zalo_oa import call

NOW = 1_800_000_000_000
ARTICLE = {"template_type": "media", "elements": [{"media_type": "article", "attachment_id": "a1"}]}


@pytest.fixture
async def oa() -> AsyncIterator[Client]:
    config = OaConfig(access_token="A1", refresh_token="R1", templates={"t1": ["code"]})
    async with TestClient(TestServer(app(config))) as client:
        await post(client, "/_control/clock", {"now_ms": NOW, "rate": 0})
        await post(client, "/_control/tokens", {"renew": True})
        for number, city in (("1", 11), ("2", 11), ("3", 12)):
            await post(client, "/_control/users", {"id": number, "name": "Bà Hoa", "follower": True, "city": city})
        await post(client, "/_control/groups", {"id": "g1", "name": "Bản Tâu", "members": ["1", "2"]})
        await post(client, "/_control/articles", {"id": "a1", "title": "Lũ trên sông"})
        yield client


async def into_group(oa: Client, group: str = "g1", **message: Any) -> Any:
    body = {"recipient": {"group_id": group}, "message": message or {"text": "Họp tối nay"}}
    return await call(oa, "/v3.0/oa/group/message", body)


async def broadcast(oa: Client, **target: Any) -> Any:
    body = {"recipient": {"target": target}, "message": {"attachment": {"type": "template", "payload": ARTICLE}}}
    return await call(oa, "/v2.0/oa/message", body)


async def shown(oa: Client, user: str) -> list[str]:
    return [one["text"] for one in (await get(oa, f"/_control/users/{user}/chat?after=0"))["items"]]


async def test_every_member_of_a_group_sees_its_message(oa: Client) -> None:
    assert (await into_group(oa))["data"]["group_id"] == "g1"
    assert [await shown(oa, number) for number in "123"] == [["[Bản Tâu] Họp tối nay"], ["[Bản Tâu] Họp tối nay"], []]


@pytest.mark.parametrize(("state", "code"), [("dead", -237), ("left", -403)])
async def test_a_group_that_is_over_takes_nothing(oa: Client, state: str, code: int) -> None:
    await post(oa, "/_control/groups", {"id": "g1", "name": "Bản Tâu", "members": ["1"], "state": state})
    assert (await into_group(oa))["error"] == code
    assert await shown(oa, "1") == []


@pytest.mark.parametrize(
    ("group", "message", "code"),
    [
        ("g9", {"text": "a"}, -201),
        ("g1", {"text": ""}, -201),
        ("g1", {"text": "a" * 2001}, -210),
        ("g1", {"x": 1}, -201),
    ],
)
async def test_a_wrong_message_to_a_group_is_refused(
    oa: Client, group: str, message: dict[str, Any], code: int
) -> None:
    assert (await into_group(oa, group, **message))["error"] == code


async def test_an_article_reaches_followers_of_the_cities_once_a_day(oa: Client) -> None:
    assert (await broadcast(oa, cities=[11]))["error"] == 0
    assert [await shown(oa, number) for number in "123"] == [["Lũ trên sông"], ["Lũ trên sông"], []]
    await broadcast(oa, cities=[11])
    assert await shown(oa, "1") == ["Lũ trên sông"]


async def test_a_follower_gets_four_articles_in_a_month(oa: Client) -> None:
    for day in range(6):
        await post(oa, "/_control/clock", {"now_ms": NOW + day * 25 * 3_600_000, "rate": 0})
        await post(oa, "/_control/tokens", {"renew": True})
        await broadcast(oa)
    assert len(await shown(oa, "3")) == 4


@pytest.mark.parametrize("target", [{"cities": "11"}, {"commune": [1]}, {"cities": ["11"]}])
async def test_a_broadcast_knows_no_commune_and_no_words(oa: Client, target: dict[str, Any]) -> None:
    assert (await broadcast(oa, **target))["error"] == -201


@pytest.mark.parametrize(
    ("switched", "code"),
    [
        ({}, 0),
        ({"template_state": "pending"}, -131),
        ({"template_state": "disabled"}, -146),
        ({"templates_a_day": 0}, -144),
    ],
)
async def test_a_template_must_be_approved_and_within_its_day(oa: Client, switched: dict[str, Any], code: int) -> None:
    await post(oa, "/_control/settings", switched)
    body = {"user_id": "1", "template_id": "t1", "template_data": {"code": "PA-1"}}
    assert (await call(oa, "/v3.0/oa/message/template", body))["error"] == code


async def test_a_template_used_up_today_goes_tomorrow(oa: Client) -> None:
    await post(oa, "/_control/settings", {"templates_a_day": 1})
    body = {"user_id": "1", "template_id": "t1", "template_data": {"code": "PA-1"}}
    codes = [(await call(oa, "/v3.0/oa/message/template", body))["error"] for _ in range(2)]
    await post(oa, "/_control/clock", {"now_ms": NOW + 25 * 3_600_000, "rate": 0})
    tokens = await post(oa, "/_control/tokens", {"renew": True})
    codes.append((await call(oa, "/v3.0/oa/message/template", body, tokens["access_token"]))["error"])
    assert codes == [0, -144, 0]


async def test_a_broadcast_means_who_fits_all_of_its_target(oa: Client) -> None:
    await broadcast(oa, cities=[11], locations=[2])
    assert [await shown(oa, number) for number in "123"] == [[], [], []]


async def test_a_group_of_strangers_cannot_be_made(oa: Client) -> None:
    async with oa.post("/_control/groups", json={"name": "Bản Tâu", "members": ["9"]}) as answer:
        assert answer.status == 400
    async with oa.post("/_control/groups", json={"members": []}) as answer:
        assert answer.status == 400


async def test_the_limits_change_while_it_runs(oa: Client) -> None:
    await post(oa, "/_control/settings", {"oa_per_minute": 2})
    answers = [(await into_group(oa))["error"] for _ in range(3)]
    assert answers == [0, 0, -32]
