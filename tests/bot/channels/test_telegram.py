"""The Telegram channel against a far side on loopback and recorded updates."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Account, BadBody, Channel, Forbidden, Medium, Unavailable
from bot.channels.telegram import TelegramChannel
from bot.endings import Ending, Gone, Later, Never, Sent, Unknown
from bot.fetch import Expired, TooBig, Unreachable
from content.message import Attached, Button, Heard, Part, Place
from tests.bot.channels.endings import (
    HTML,
    Answer,
    Case,
    Dialect,
    FarSide,
    cases,
    far_side,
    playing,
    said,
)

TOKEN = "7012345678:AAcanaryTokenDoNotLog"
WORDS = "Nhà bà Mùa Thị Canh bị sạt"
NOW = 1_795_230_009_000
RECORDED = Path(__file__).parent / "telegram"
OK = said({"ok": True, "result": {"message_id": 77, "date": 1, "chat": {"id": 5, "type": "private"}}})


def no(code: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return said({**body, "parameters": parameters} if parameters else body, code)


DIALECT = Dialect(
    sent=OK,
    throttled=no(429, "Too Many Requests: retry after 35", retry_after=35),
    gone=no(403, "Forbidden: bot was blocked by the user"),
    rejected=no(400, "Bad Request: message is too long"),
    sent_id="77",
    throttled_wait=35,
)


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as one:
        yield one


@asynccontextmanager
async def channel_at(url: str, secret: str = "s3cret", **settings: Any) -> AsyncIterator[TelegramChannel]:
    quick = {"connect_timeout": 0.3, "read_timeout": 0.3, "upload_timeout": 0.3, "poll_seconds": 0, **settings}
    account = Account(1, "thử", "telegram", "7012345678", {"token": TOKEN, "webhook_secret": secret}, url, quick)
    channel = TelegramChannel(account, lambda: NOW)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.close()


@pytest.fixture
async def channel(far: FarSide) -> AsyncIterator[TelegramChannel]:
    async with channel_at(far.url) as one:
        yield one


@pytest.fixture
def recording(tmp_path: Path) -> Medium:
    (path := tmp_path / "abc").write_bytes(b"ID3" + b"\0" * 100)
    return Medium("abc", "audio/mpeg", path, 103)


def result(**fields: Any) -> Answer:
    return said({"ok": True, "result": {"message_id": 77, **fields}})


VOICE = result(voice={"file_id": "VOICE-1", "duration": 3})


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
    (Answer(404, HTML, "text/html"), Later(60, "HTTP 404, not from the Bot API")),
    (Answer(302, b"", headers={"Location": "/login"}), Later(60, "HTTP 302, not from the Bot API")),
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


def heard(name: str) -> Heard | None:
    account = Account(1, "thử", "telegram", "7012345678", {"token": TOKEN}, "http://127.0.0.1:1", {})
    channel: Channel = TelegramChannel(account, lambda: NOW)
    found = channel.read((RECORDED / f"{name}.json").read_bytes())
    return found[0] if found else None


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


async def test_a_tap_is_acknowledged(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(said({"ok": True, "result": True}))
    tap = heard("tap")
    assert tap
    await channel.acknowledge(tap)
    assert far.asked[0].path.endswith("/answerCallbackQuery")
    assert far.asked[0].json() == {"callback_query_id": "4241963216549871234"}


async def test_a_failed_acknowledgement_is_only_logged(
    far: FarSide, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    far.answer(no(400, "Bad Request: query is too old and response timeout expired"))
    tap, text = heard("tap"), heard("text")
    assert tap
    assert text
    with caplog.at_level(logging.INFO):
        await channel.acknowledge(tap)
        await channel.acknowledge(text)
    assert len(far.asked) == 1
    assert "query is too old" in caplog.text


async def test_polling_acknowledges_on_the_next_call_and_passes_over_what_it_cannot_read(
    far: FarSide, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    good = json.loads((RECORDED / "text.json").read_text())
    far.answer(said({"ok": True, "result": [{"update_id": 5, "message": {"text": WORDS}}, good]}))
    found, cursor = await channel.poll("")
    assert [one.text for one in found] == ["xã mình có lịch tiêm chưa ạ?"]
    assert cursor == "731200002"
    assert "update 5" in caplog.text
    assert "Canh" not in caplog.text
    far.answer(said({"ok": True, "result": []}))
    assert await channel.poll(cursor) == ([], cursor)
    assert "offset" not in far.asked[0].json()
    assert far.asked[1].json()["offset"] == "731200002"


@pytest.mark.parametrize(
    ("answer", "suspend"),
    [
        (no(409, "Conflict: terminated by other getUpdates request"), False),
        (no(401, "Unauthorized"), True),
        (Answer(502, HTML, "text/html"), False),
        (Answer(fault="hang"), False),
        (said({"ok": True, "result": {}}), False),
    ],
)
async def test_a_poll_that_fails_says_how_to_go_on(
    answer: Answer, suspend: bool, far: FarSide, channel: TelegramChannel
) -> None:
    far.answer(answer)
    with pytest.raises(Unavailable) as problem:
        await channel.poll("3")
    assert problem.value.suspend is suspend
    assert problem.value.wait > 0


async def test_a_file_has_an_address_on_the_same_server(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(said({"ok": True, "result": {"file_id": "AwAC", "file_path": "voice/file 1.oga"}}))
    assert await channel.media_url("AwAC") == f"{far.url}/file/bot{TOKEN}/voice/file%201.oga"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (no(400, "Bad Request: file is too big"), TooBig),
        (no(400, "Bad Request: invalid file_id"), Expired),
        (no(429, "Too Many Requests", retry_after=3), Unreachable),
        (Answer(fault="drop"), Unreachable),
        (said({"ok": True, "result": {"file_path": "/var/lib/telegram/x.oga"}}), Unreachable),
        (said({"ok": True, "result": {"file_id": "AwAC"}}), Unreachable),
    ],
)
async def test_a_file_without_an_address_is_told_in_the_fetchers_words(
    answer: Answer, error: type[Exception], far: FarSide, channel: TelegramChannel
) -> None:
    far.answer(answer)
    with pytest.raises(error) as problem:
        await channel.media_url("AwAC")
    assert TOKEN not in str(problem.value)


async def test_the_webhook_is_set_asked_for_and_removed(far: FarSide, channel: TelegramChannel) -> None:
    far.answer(said({"ok": True, "result": True}))
    await channel.set_webhook("https://xa.example/webhook/telegram/1", "s3cret")
    await channel.set_webhook("", "")
    far.answer(
        said({"ok": True, "result": {"url": "https://x", "pending_update_count": 4, "last_error_message": "timed out"}})
    )
    info = await channel.webhook_info()
    assert (info.url, info.pending, info.trouble) == ("https://x", 4, "timed out")
    assert [one.path.rpartition("/")[2] for one in far.asked] == ["setWebhook", "deleteWebhook", "getWebhookInfo"]
    assert far.asked[0].json()["secret_token"] == "s3cret"


async def test_doctor_tells_a_wrong_bot_and_a_broken_webhook(far: FarSide, channel: TelegramChannel) -> None:
    me = {"id": 7012345678, "is_bot": True, "first_name": "T", "username": "thontin_bot"}
    hook = {"url": "https://x", "pending_update_count": 4, "last_error_message": "Connection timed out"}
    far.answer_at("/getMe", said({"ok": True, "result": me}))
    far.answer_at("/getWebhookInfo", said({"ok": True, "result": hook}))
    assert [one.ok for one in await channel.check()] == [True, True, False]
    far.answer_at("/getMe", said({"ok": True, "result": {**me, "id": 5}}))
    assert [one.ok for one in await channel.check()] == [False, True, False]
    far.answer_at("/getMe", no(401, "Unauthorized"))
    (finding,) = await channel.check()
    assert "rotate" in finding.remedy


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_neither_token_nor_words_are_in_any_log_or_ending(
    case: Case, far: FarSide, recording: Medium, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with playing(case, far) as url, channel_at(url) as channel:
            endings = [
                await channel.send("5", Part("text", WORDS)),
                await channel.send("5", Part("voice", WORDS, media="abc"), recording),
            ]
            with pytest.raises(Unavailable) as problem:
                await channel.poll("")
            everything = f"{caplog.text} {endings} {channel!r} {channel.account!r} {problem.value!r}"
    assert "canaryToken" not in everything
    assert "Canh" not in everything


def test_an_account_without_a_token_is_named() -> None:
    with pytest.raises(ValueError, match="account xã: the secret 'token'"):
        TelegramChannel(Account(1, "xã", "telegram", "", {}, "http://127.0.0.1:1"), lambda: NOW)
