"""The other ways out of a Zalo OA: templates, articles, groups, what Zalo says of its limits, and gates."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo_errors import ENDINGS, TEMPLATES, template_ending
from bot.channels.zalo_oa import ZaloOA
from bot.endings import Ending, Gone, Later, Never, Sent
from content.message import Part
from tests.bot.channels.endings import Answer, Case, FarSide, cases, playing, said
from tests.bot.channels.test_zalo_oa import DIALECT, NOW, USER, client, far, medium, oa, started

__all__ = ["far", "oa"]  # fixtures
TEXT = Part("text", "Họp tối nay")
WAYS: dict[str, Any] = {
    "template": lambda channel: channel.send_template(USER, "t1", {"code": "PA-1"}),
    "article": lambda channel: channel.send_article("a1", {"cities": ["11"]}),
    "group": lambda channel: channel.send_group("g1", TEXT),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_every_answer_has_its_ending(case: Case, way: str, far: FarSide) -> None:
    async with playing(case, far) as url, started(client(url)) as channel:
        case.check(await WAYS[way](channel), DIALECT)


@pytest.mark.parametrize(
    ("way", "path", "body"),
    [
        (
            "template",
            "/v3.0/oa/message/template",
            {"user_id": USER, "template_id": "t1", "template_data": {"code": "PA-1"}},
        ),
        (
            "article",
            "/v2.0/oa/message",
            {
                "recipient": {"target": {"cities": [11]}},
                "message": {
                    "attachment": {
                        "type": "template",
                        "payload": {
                            "template_type": "media",
                            "elements": [{"media_type": "article", "attachment_id": "a1"}],
                        },
                    }
                },
            },
        ),
        (
            "group",
            "/v3.0/oa/group/message",
            {"recipient": {"group_id": "g1"}, "message": {"text": "Họp tối nay"}},
        ),
    ],
)
async def test_each_way_has_its_own_call(
    oa: ZaloOA, far: FarSide, way: str, path: str, body: Mapping[str, Any]
) -> None:
    assert isinstance(await WAYS[way](oa), Sent)
    assert (far.asked[0].path, far.asked[0].json()) == (path, body)


MEANING: dict[int, tuple[type[Ending], bool]] = {  # code → (ending, whether the whole account stands still)
    -100: (Later, False),
    -108: (Gone, False),
    -109: (Never, False),
    -115: (Later, False),
    -124: (Later, True),
    -125: (Later, True),
    -131: (Never, False),
    -133: (Later, False),
    -137: (Never, False),
    -139: (Never, False),
    -144: (Later, False),
    -1472: (Later, False),
    -217: (Gone, False),
    -32: (Later, False),
}


@pytest.mark.parametrize("code", MEANING)
def test_a_template_has_a_table_of_its_own(code: int) -> None:
    found, (kind, stops) = template_ending(code, "", NOW), MEANING[code]
    assert type(found) is kind
    assert bool(getattr(found, "suspend", False)) == stops


def test_every_code_of_the_reference_for_templates_has_an_ending_with_its_number() -> None:
    codes = [-108, -109, -111, -112, -1121, -1122, -1124, -114, -118, -119, -139, -140, -141, -115, -117, -124, -125,
             -126, -127, -131, -133, -135, -1351, -136, -137, -144, -1441, -147, -1471, -1472, -145, -146]  # fmt: skip
    assert set(TEMPLATES) == {*codes, -100}
    assert not set(TEMPLATES) & set(ENDINGS) - {-100}


def test_a_template_used_up_today_waits_for_tomorrow_morning() -> None:
    found = template_ending(-144, "", NOW)  # 5:13 in the morning in Viet Nam
    assert isinstance(found, Later)
    assert 24 * 3600 < found.wait < 26 * 3600
    assert not found.budget


async def test_what_people_wrote_mentions_nobody_in_a_group(oa: ZaloOA, far: FarSide) -> None:
    await oa.send_group("g1", Part("text", "chào [@group_id]"))
    assert far.asked[0].json()["message"]["text"] == "chào [ @group_id]"


async def test_a_group_gets_words_only(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    for part, file in ((Part("photo", media="x"), medium(tmp_path)), (Part("text", "a" * 2001), None)):
        assert isinstance(await oa.send_group("g1", part, file), Never)
    assert far.asked == []


async def test_a_new_limit_is_told_once(oa: ZaloOA, far: FarSide) -> None:
    assert oa.told_limits() is None
    limits = {"X-RateLimit-Limit": "50", "X-RateLimit-Remain": "7"}
    far.answer(Answer(body=b'{"error": 0, "data": {"message_id": "1"}}', headers=limits))
    await oa.send(USER, TEXT)
    assert [oa.told_limits(), oa.told_limits()] == [(50.0, 7.0), None]


@pytest.mark.parametrize("remain", [None, "", "many"])
async def test_a_limit_without_what_is_left_of_it_is_no_news(oa: ZaloOA, far: FarSide, remain: str | None) -> None:
    limits = {"X-RateLimit-Limit": "50"} | ({} if remain is None else {"X-RateLimit-Remain": remain})
    far.answer(Answer(body=b'{"error": 0, "data": {"message_id": "1"}}', headers=limits))
    await oa.send(USER, TEXT)
    assert oa.told_limits() is None


async def test_nothing_left_is_news(oa: ZaloOA, far: FarSide) -> None:
    limits = {"X-RateLimit-Limit": "50", "X-RateLimit-Remain": "0"}
    far.answer(Answer(body=b'{"error": 0, "data": {"message_id": "1"}}', headers=limits))
    await oa.send(USER, TEXT)
    assert oa.told_limits() == (50.0, 0.0)


async def test_what_is_no_send_waits_at_the_gate(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    entered = []

    @asynccontextmanager
    async def gate() -> AsyncIterator[None]:
        entered.append(len(far.asked))
        yield

    oa.gate = gate
    far.answer(said({"error": 0, "data": {"attachment_id": "h1", "message_id": "m1"}}))
    await oa.send(USER, TEXT)
    assert entered == []
    await oa.send(USER, Part("photo", media="x"), medium(tmp_path))
    await oa.profile()
    assert entered == [2, 3]  # the upload is the send's own call
