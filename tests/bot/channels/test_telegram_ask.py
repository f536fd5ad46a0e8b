"""What the Telegram channel asks the platform: polling, files, webhook, doctor; and what it keeps quiet."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.base import Medium, Unavailable
from bot.channels.telegram import TelegramChannel
from bot.fetch import Expired, TooBig, Unreachable
from content.message import Part
from tests.bot.channels.endings import HTML, Answer, Case, FarSide, cases, far_side, playing, said
from tests.bot.channels.telegram_stage import DIALECT, RECORDED, TOKEN, WORDS, channel_at, heard, no


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
