"""What the Telegram channel hears: recorded updates, bad bodies, proofs of origin."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.base import BadBody, Forbidden
from bot.channels.telegram import TelegramChannel
from content.message import Attached, Place
from tests.bot.channels.telegram_stage import (
    NOW,
    RECORDED,
    WORDS,
    channel_at,
    heard,
)


@pytest.fixture
async def channel() -> AsyncIterator[TelegramChannel]:
    async with channel_at("http://127.0.0.1:1") as one:
        yield one


READ: dict[str, dict[str, Any] | None] = {
    "text": {"kind": "text", "text": "xã mình có lịch tiêm chưa ạ?", "key": "731200001", "at": 1_795_230_000_000},
    "start": {"kind": "start", "payload": "xa-03127", "text": ""},
    "start_without_payload": {"kind": "start", "payload": ""},
    "tap": {"kind": "tap", "payload": "q7:1", "key": "731200004:4241963216549871234", "at": NOW},
    "tap_on_old_message": {"kind": "tap", "payload": "q1:2", "chat": "987654321"},
    "photo": {
        "kind": "media",
        "text": "đường sạt ở đầu bản",
        "attached": (Attached("image", "AgAClarge", "image/jpeg", 98765),),
    },
    "voice": {"kind": "media", "attached": (Attached("voice", "AwACvoice", "audio/ogg", 27123, 7),)},
    "video": {"kind": "media", "attached": (Attached("video", "BAACvideo", "video/mp4", 1830021, 12),)},
    "video_note": {"kind": "media", "attached": (Attached("video", "DQACnote", "video/mp4", 320111, 5),)},
    "document": {"kind": "media", "attached": (Attached("file", "BQACpdf", "application/pdf", 88123),)},
    "photo_as_file": {"kind": "media", "attached": (Attached("image", "BQACjpg", "image/jpeg", 2088123),)},
    "sticker": {"kind": "media", "attached": (Attached("sticker", "CAACst", "", 14000),)},
    "location": {"kind": "place", "place": Place(21.386, 103.016)},
    "venue": {"kind": "place", "place": Place(21.386, 103.016), "text": "Chợ Mường Thanh, Điện Biên"},
    "contact": {"kind": "unsupported", "text": ""},
    "edited": {"kind": "text", "edited": True, "key": "731200016", "at": 1_795_230_030_000},
    "live_location_moving": None,
    "blocked": {"kind": "unfollow", "chat": "987654321"},
    "unblocked": {"kind": "follow"},
    "group_text": {"kind": "text", "group": True, "chat": "-1001234567890"},
    "group_promoted": None,
    "pinned": None,
    "channel_post": None,
    "another_bot": None,
    "newer_than_us": {"kind": "unsupported"},
    "poll": None,
}


@pytest.mark.parametrize("name", READ)
def test_an_update_is_read(name: str) -> None:
    found, expected = heard(name), READ[name]
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert {field: getattr(found, field) for field in expected} == expected
    assert (found.channel, found.account, found.name) == ("telegram", "7012345678", "Vừ A Dính")


def test_words_that_no_database_takes_are_mended(channel: TelegramChannel) -> None:
    update = json.loads((RECORDED / "text.json").read_text())
    update["message"]["text"] = "a\0b\ud83dc"
    (found,) = channel.read(json.dumps(update).encode())
    assert found.text == "ab?c"


def test_every_recorded_update_is_in_the_table() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == set(READ)


BAD: dict[str, bytes] = {
    "empty": b"",
    "not JSON": WORDS.encode(),
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "no number": b'{"message": {}}',
    "the number is a word": b'{"update_id": "7", "message": {}}',
    "nothing in the message": b'{"update_id": 7, "message": {}}',
    "the message is a word": b'{"update_id": 7, "message": "x"}',
    "a chat without id": b'{"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"type": "private"}}}',
    "a date beyond all years": b'{"update_id": 7, "message": {"message_id": 1, "date": 99999999999999999,'
    b' "chat": {"id": 1, "type": "private"}, "text": "x"}}',
    "nested without end": b'{"update_id": 7, "message": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_is_named_without_its_words(name: str, channel: TelegramChannel) -> None:
    with pytest.raises(BadBody) as problem:
        channel.read(BAD[name])
    assert "Canh" not in str(problem.value)
    assert str(problem.value)


@pytest.mark.parametrize(
    ("headers", "setting", "passes"),
    [
        ({"X-Telegram-Bot-Api-Secret-Token": "s3cret"}, "required", True),
        ({"x-telegram-bot-api-secret-token": "s3cret"}, "required", True),
        ({"X-Telegram-Bot-Api-Secret-Token": "other"}, "required", False),
        ({"X-Telegram-Bot-Api-Secret-Token": "sécret"}, "required", False),
        ({"X-Telegram-Bot-Api-Secret-Token": "\udcff"}, "required", False),
        ({"X-Telegram-Bot-Api-Secret-Token": ""}, "required", False),
        ({}, "required", False),
        ({}, "optional", True),
        ({"X-Telegram-Bot-Api-Secret-Token": "other"}, "optional", False),
    ],
)
async def test_the_webhook_secret_is_checked(headers: dict[str, str], setting: str, passes: bool) -> None:
    async with channel_at("http://127.0.0.1:1", secret_header=setting) as channel:
        if passes:
            channel.verify(headers, b"{}")
        else:
            with pytest.raises(Forbidden):
                channel.verify(headers, b"{}")


async def test_without_a_secret_of_ours_nothing_passes() -> None:
    async with channel_at("http://127.0.0.1:1", secret="") as channel:
        with pytest.raises(Forbidden):
            channel.verify({"X-Telegram-Bot-Api-Secret-Token": ""}, b"{}")
