"""What the Telegram channel sends, against a far side on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Account, Medium
from bot.channels.telegram import TelegramChannel
from bot.endings import Ending, Gone, Later, Never, Sent, Unknown
from content.message import Button, Part
from tests.bot.channels.endings import HTML, Answer, Case, FarSide, cases, far_side, playing, said
from tests.bot.channels.telegram_stage import (
    DIALECT,
    NOW,
    OK,
    TOKEN,
    VOICE,
    WORDS,
    channel_at,
    no,
    result,
)


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as one:
        yield one


@pytest.fixture
async def channel(far: FarSide) -> AsyncIterator[TelegramChannel]:
    async with channel_at(far.url) as one:
        yield one


@pytest.fixture
def recording(tmp_path: Path) -> Medium:
    (path := tmp_path / "abc").write_bytes(b"ID3" + b"\0" * 100)
    return Medium("abc", "audio/mpeg", path, 103)


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_every_answer_has_its_ending(case: Case, far: FarSide) -> None:
    async with playing(case, far) as url, channel_at(url) as channel:
        case.check(await channel.send("5", Part("text", WORDS)), DIALECT)


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_an_upload_has_the_same_endings(case: Case, far: FarSide, recording: Medium) -> None:
    async with playing(case, far) as url, channel_at(url) as channel:
        case.check(await channel.send("5", Part("voice", media="abc"), recording), DIALECT)


REFUSALS: list[tuple[Answer, Ending]] = [
    (no(403, "Forbidden: user is deactivated"), Gone("403 Forbidden: user is deactivated")),
    (
        no(403, "Forbidden: bot was kicked from the group chat"),
        Gone("403 Forbidden: bot was kicked from the group chat"),
    ),
    (no(400, "Bad Request: chat not found"), Gone("400 Bad Request: chat not found")),
    (no(400, "Bad Request: private chat not found"), Gone("400 Bad Request: private chat not found")),
    (no(400, "Bad Request: message text is empty"), Never("400 Bad Request: message text is empty")),
    (no(400, "Bad Request: phone 0912345678"), Never("400 Bad Request: phone …")),
    (no(400, "Bad Request: " + WORDS), Never("400")),
    (no(401, "Unauthorized"), Later(300, "401 Unauthorized", suspend=True)),
    (no(404, "Not Found"), Later(300, "404 Not Found", suspend=True)),
    (Answer(404, HTML, "text/html"), Later(60, "HTTP 404, not from the Bot API", outage=True)),
    (
        Answer(302, b"", headers={"Location": "/login"}),
        Later(60, "HTTP 302, not from the Bot API", outage=True),
    ),
    (no(429, "Too Many Requests"), Later(5, "429 Too Many Requests", budget=True)),
    (Answer(429, HTML, headers={"Retry-After": "9"}), Later(9, "HTTP 429, not from the Bot API", budget=True)),
    (no(500, "Internal Server Error: restart"), Unknown("500 Internal Server Error: restart")),
    (
        said({"ok": False, "error_code": 429, "description": "slow", "parameters": {"retry_after": 3}}),
        Later(3, "429 slow", budget=True),
    ),
    (said({"ok": False, "error_code": "x"}), Unknown("HTTP 500, not from the Bot API")),
    (said({"ok": True, "result": True}), Unknown("no answer: the answer names no message")),
]


@pytest.mark.parametrize(("answer", "ending"), REFUSALS, ids=lambda one: getattr(one, "why", None))
async def test_a_refusal_is_read_by_the_table(
    answer: Answer, ending: Ending, far: FarSide, channel: TelegramChannel
) -> None:
    far.answer(answer)
    assert await channel.send("5", Part("text", WORDS)) == ending


async def test_a_text_goes_without_parse_mode_and_with_one_button_a_row(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(OK)
    part = Part("text", "<b>1 < 2</b>", (Button("Đúng", "q7:1"), Button("Sai", "q7:2")), silent=True)
    assert await channel.send("5", part) == Sent("77")
    (asked,) = far.asked
    assert asked.path == f"/bot{TOKEN}/sendMessage"
    assert asked.json() == {
        "chat_id": "5",
        "text": "<b>1 < 2</b>",
        "disable_notification": "true",
        "reply_markup": json.dumps(
            {
                "inline_keyboard": [
                    [{"text": "Đúng", "callback_data": "q7:1"}],
                    [{"text": "Sai", "callback_data": "q7:2"}],
                ]
            }
        ),
    }


async def test_an_address_in_a_text_is_not_previewed(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(OK)
    await channel.send("5", Part("text", "Nghe: https://xa.example/listen/k3"))
    assert json.loads(far.asked[0].json()["link_preview_options"]) == {"is_disabled": True}


@pytest.mark.parametrize("payload", ["", "đ" * 33, "x" * 65])
async def test_a_payload_that_no_button_can_carry_is_never_sent(
    payload: str, far: FarSide, channel: TelegramChannel
) -> None:
    ending = await channel.send("5", Part("text", "?", (Button("Đúng", payload),)))
    assert isinstance(ending, Never)
    assert far.asked == []


async def test_a_moved_group_gets_the_message_at_its_new_id(far: FarSide, channel: TelegramChannel) -> None:
    moved = no(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009)
    far.answer(moved, OK)
    assert await channel.send("-9", Part("text", "a")) == Sent("77", moved_to="-1009")
    assert [one.json()["chat_id"] for one in far.asked] == ["-9", "-1009"]


async def test_a_group_that_moves_twice_is_not_followed(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(no(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009))
    assert isinstance(await channel.send("-9", Part("text", "a")), Never)
    assert len(far.asked) == 2


async def test_a_voice_is_uploaded_once_and_then_sent_by_its_id(
    far: FarSide, channel: TelegramChannel, recording: Medium
) -> None:
    far.answer(VOICE)
    part = Part("voice", media="abc", text="Nghe bản tin")
    assert await channel.send("5", part, recording) == Sent("77", handle="VOICE-1")
    await channel.send("6", part, recording)
    first, second = far.asked
    assert first.path.endswith("/sendVoice")
    assert first.form["voice"] == recording.path.read_bytes()
    assert first.form["caption"] == "Nghe bản tin"
    assert b'filename="thong-tin.mp3"' in first.body
    assert second.json() == {"chat_id": "6", "voice": "VOICE-1", "caption": "Nghe bản tin"}


async def test_a_hundred_senders_make_one_upload(far: FarSide, channel: TelegramChannel, recording: Medium) -> None:
    far.answer(VOICE)
    part = Part("voice", media="abc")
    endings = await asyncio.gather(*(channel.send(str(n), part, recording) for n in range(100)))
    assert all(isinstance(one, Sent) for one in endings)
    assert sum(bool(one.form) for one in far.asked) == 1
    assert len(far.asked) == 100


async def test_when_the_one_upload_fails_the_others_wait_instead_of_repeating_it(
    far: FarSide, channel: TelegramChannel, recording: Medium
) -> None:
    far.answer(no(403, "Forbidden: bot was blocked by the user"))
    part = Part("voice", media="abc")
    first, *others = await asyncio.gather(*(channel.send(str(n), part, recording) for n in range(5)))
    assert isinstance(first, Gone)
    assert all(isinstance(one, Later) for one in others)
    assert len(far.asked) == 1


async def test_a_forgotten_file_id_is_uploaded_again(far: FarSide, channel: TelegramChannel, recording: Medium) -> None:
    far.answer(no(400, "Bad Request: wrong remote file identifier specified: Wrong string length"), VOICE)
    known = Medium("abc", "audio/mpeg", recording.path, 103, handle="OLD")
    assert await channel.send("5", Part("voice", media="abc"), known) == Sent("77", handle="VOICE-1")
    assert far.asked[0].json()["voice"] == "OLD"
    assert far.asked[1].form["voice"] == recording.path.read_bytes()


async def test_who_takes_no_voice_messages_gets_an_audio_file(
    far: FarSide, channel: TelegramChannel, recording: Medium
) -> None:
    far.answer_at("/sendVoice", no(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"))
    far.answer(result(audio={"file_id": "AUDIO-1"}))
    assert await channel.send("5", Part("voice", media="abc"), recording) == Sent("77")
    assert [one.path.rpartition("/")[2] for one in far.asked] == ["sendVoice", "sendAudio"]


@pytest.mark.parametrize(
    ("kind", "method", "answer"),
    [
        ("photo", "sendPhoto", result(photo=[{"file_id": "S"}, {"file_id": "H"}])),
        ("file", "sendDocument", result(document={"file_id": "H"})),
    ],
)
async def test_photos_and_files_travel_too(
    kind: Any, method: str, answer: Answer, far: FarSide, channel: TelegramChannel, recording: Medium
) -> None:
    far.answer(answer)
    assert await channel.send("5", Part(kind, media="abc"), recording) == Sent("77", handle="H")
    assert far.asked[0].path.endswith(method)


async def test_a_file_too_large_or_lost_is_never_sent(far: FarSide, channel: TelegramChannel, tmp_path: Path) -> None:
    large = Medium("l", "image/jpeg", tmp_path / "l", 10_000_001)
    lost = Medium("m", "image/jpeg", tmp_path / "nowhere", 5)
    for one in (large, lost, None):
        assert isinstance(await channel.send("5", Part("photo", media="l"), one), Never)
    unreadable = Medium("d", "image/jpeg", tmp_path, 5)
    assert isinstance(await channel.send("5", Part("photo", media="d"), unreadable), Later)
    assert far.asked == []


async def test_the_channel_starts_and_says_later_while_the_platform_is_down() -> None:
    async with playing(Case("", Answer(fault="refuse"), Later), FarSide("")) as url, channel_at(url) as channel:
        assert isinstance(await channel.send("5", Part("text", "a")), Later)
        (finding,) = await channel.check()
        assert not finding.ok
        assert finding.remedy


async def test_a_channel_that_is_not_started_says_later(far: FarSide) -> None:
    async with channel_at(far.url) as channel:
        await channel.close()
        assert isinstance(await channel.send("5", Part("text", "a")), Later)


def test_an_account_without_a_token_is_named() -> None:
    with pytest.raises(ValueError, match="account xã: the secret 'token'"):
        TelegramChannel(Account(1, "xã", "telegram", "", {}, "http://127.0.0.1:1"), lambda: NOW)
