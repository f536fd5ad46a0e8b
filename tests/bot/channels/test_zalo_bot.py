"""The Zalo Bot client: plain sends, a poll that destroys what it returns, both body shapes, and a token nobody sees."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Account, BadBody, Channel, Forbidden, Medium, Unavailable
from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_bot_read import read, without_mention
from bot.channels.zalo_bot_send import harmless
from bot.endings import Ending, Later, Never, Sent, Unknown
from content.channels import units
from content.message import Attached, Heard, Part
from tests.bot.channels.endings import HTML, Answer, Case, Dialect, FarSide, cases, far_side, playing, said

HERE = Path(__file__).parent / "zalo_bot"
NOW = 1_700_000_000_000  # 2023-11-15 05:13:20 in Viet Nam
BOT, CHAT = "1459232241454765289", "a1b2c3d4e5f60718293a"
TOKEN, SECRET = "12345:token-nobody-may-see", "webhook-secret"
HOOK = "https://thontin.example/webhook/zalo-bot/1"


def raw(name: str) -> bytes:
    return (HERE / f"{name}.json").read_bytes()


def recorded(name: str) -> Answer:
    return Answer(body=raw(name))


def no(code: int, status: int = 200) -> Answer:
    return said({"ok": False, "description": "x", "error_code": code}, status)


def yes(result: object) -> Answer:
    return said({"ok": True, "result": result})


def client(url: str, **settings: Any) -> ZaloBot:
    usual = {"read_timeout": 0.4, "photo_timeout": 0.4, "connect_timeout": 1, "poll_seconds": 1}
    secrets = {"token": TOKEN, "webhook_secret": SECRET}
    return ZaloBot(Account(9, "bot-xa", "zalo_bot", BOT, secrets, url, {**usual, **settings}), lambda: NOW)


@asynccontextmanager
async def started(channel: ZaloBot) -> AsyncIterator[ZaloBot]:
    await channel.start()
    try:
        yield channel
    finally:
        await channel.close()
        await channel.close()


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as side:
        yield side


@pytest.fixture
async def bot(far: FarSide) -> AsyncIterator[ZaloBot]:
    far.answer(recorded("answer_sent"))
    far.answer_at("/getWebhookInfo", yes({"url": "", "updated_at": 0}))
    async with started(client(far.url)) as channel:
        yield channel


def medium(url: str, mime: str = "image/jpeg") -> Medium:
    return Medium("5e", mime, Path("unused"), 4, url=url)


def test_it_is_a_channel() -> None:
    channel: Channel = client("http://127.0.0.1:1")
    assert channel.kind == "zalo_bot"


# ---- the common table ----

DIALECT = Dialect(
    sent=recorded("answer_sent"),
    throttled=recorded("answer_quota"),
    gone=no(404),
    rejected=recorded("answer_bad_request"),
    sent_id="82599fa32f56d00e8941",
    throttled_wait=15 * 24 * 3600,
    # The platform names no code for a blocked bot; 404 may be anything, so one letter is all that is given up.
    instead={"blocked": Never},
)


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_every_answer_has_its_ending(case: Case, far: FarSide) -> None:
    async with playing(case, far) as url, started(client(url)) as channel:
        case.check(await channel.send(CHAT, Part("text", "Chào bà con")), DIALECT)


@pytest.mark.parametrize(
    ("answer", "kind", "suspend"),
    [
        (recorded("answer_unauthorized"), Later, True),
        (no(401, status=401), Later, True),
        (recorded("answer_quota"), Later, True),
        (no(403), Unknown, False),
        (recorded("answer_timeout"), Unknown, False),
        (no(500), Unknown, False),
        (said({"ok": False, "description": "x"}), Never, False),
        (said({"ok": False, "error_code": "400"}, status=400), Never, False),
    ],
    ids=["401", "401 by status", "quota", "403 sic", "408", "500", "no code", "code as string"],
)
async def test_a_refusal_with_http_200_is_a_refusal(
    bot: ZaloBot, far: FarSide, answer: Answer, kind: type[Ending], suspend: bool
) -> None:
    far.answer(answer)
    found = await bot.send(CHAT, Part("text", "x"))
    assert type(found) is kind
    assert getattr(found, "suspend", False) == suspend


async def test_a_used_up_quota_waits_for_the_first_of_the_month_in_viet_nam(bot: ZaloBot, far: FarSide) -> None:
    far.answer(recorded("answer_quota"))
    found = await bot.send(CHAT, Part("text", "x"))
    assert isinstance(found, Later)
    assert found.wait == 1_701_363_600 - NOW / 1000  # 2023-12-01 00:00 +07


# ---- what is sent ----


async def test_a_text_goes_without_any_parse_mode(bot: ZaloBot, far: FarSide) -> None:
    words = "**không** _đổi_ <b>gì</b> `cả`"
    assert await bot.send(CHAT, Part("text", words)) == Sent("82599fa32f56d00e8941")
    (asked,) = far.asked
    assert (asked.method, asked.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    assert asked.json() == {"chat_id": CHAT, "text": words}


@pytest.mark.parametrize(
    ("words", "want"),
    [
        ("{red}KHẨN{/red}", "｛red｝KHẨN｛/red｝"),
        ("{Big}{x}", "｛Big｝｛x｝"),
        ("nhờ [@123] xem", "nhờ ［@123] xem"),
        ("{{red}}", "{｛red｝}"),
        ("{1} {} { red } [a] @an {ắ}", "{1} {} { red } [a] @an {ắ}"),
    ],
)
async def test_a_citizens_styles_and_mentions_are_harmless(bot: ZaloBot, far: FarSide, words: str, want: str) -> None:
    assert harmless(words) == want
    assert units(want) == units(words)
    await bot.send(CHAT, Part("text", words))
    assert far.asked[0].json()["text"] == want


@pytest.mark.parametrize(
    ("part", "medium", "method", "params"),
    [
        (
            Part("photo", "Cầu {red}", media="5e"),
            medium("https://thontin.example/media/1.jpg"),
            "sendPhoto",
            {"photo": "https://thontin.example/media/1.jpg", "caption": "Cầu ｛red｝"},
        ),
        (
            Part("photo", media="5e"),
            medium("https://thontin.example/media/1.jpg"),
            "sendPhoto",
            {"photo": "https://thontin.example/media/1.jpg"},
        ),
        (
            Part("voice", media="5e"),
            medium("https://thontin.example/media/1.aac", "audio/aac"),
            "sendVoice",
            {"voice_url": "https://thontin.example/media/1.aac"},
        ),
    ],
    ids=["photo", "photo without caption", "voice"],
)
async def test_media_go_by_their_public_address(
    bot: ZaloBot, far: FarSide, part: Part, medium: Medium, method: str, params: dict[str, str]
) -> None:
    assert isinstance(await bot.send(CHAT, part, medium), Sent)
    assert far.asked[0].path == f"/bot{TOKEN}/{method}"
    assert far.asked[0].json() == {"chat_id": CHAT, **params}


@pytest.mark.parametrize(
    ("part", "medium"),
    [
        (Part("text", "ắ" * 2001), None),
        (Part("text", "🌊" * 1001), None),
        (Part("text", ""), None),
        (Part("file", media="5e"), medium("https://thontin.example/1.pdf")),
        (Part("photo", media="5e"), None),
        (Part("photo", media="5e"), medium("")),
        (Part("photo", "x" * 2001, media="5e"), medium("https://thontin.example/1.jpg")),
        (Part("voice", media="5e"), medium("https://thontin.example/1.mp3")),
        (Part("voice", "lời", media="5e"), medium("https://thontin.example/1.aac")),
    ],
    ids=["2001", "1001 emoji", "empty", "file", "no medium", "no address", "caption", "mp3", "voice with words"],
)
async def test_what_the_platform_cannot_carry_never_leaves(
    bot: ZaloBot, far: FarSide, part: Part, medium: Medium | None
) -> None:
    assert isinstance(await bot.send(CHAT, part, medium), Never)
    assert far.asked == []


async def test_the_typing_sign_fails_in_silence(bot: ZaloBot, far: FarSide) -> None:
    far.answer(said({"ok": True}), no(500), Answer(fault="drop"))
    for _ in range(3):
        await bot.acknowledge(Heard("zalo_bot", BOT, CHAT, "k", 1, "text"))
    assert far.asked[0].path == f"/bot{TOKEN}/sendChatAction"
    assert far.asked[0].json() == {"chat_id": CHAT, "action": "typing"}


# ---- the token ----


async def test_the_token_shows_nowhere(far: FarSide, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    html = Answer(404, f"<h1>/bot{TOKEN}/sendMessage not found</h1>".encode(), "text/html")
    quoting = said({"ok": False, "error_code": 400, "description": f"bad /bot{TOKEN}/"})
    moved = Answer(302, b"", headers={"Location": f"{far.url}/bot{TOKEN}/x"})
    shown = ""
    for url in (far.url, "http://127.0.0.1:1", "http://[broken", "nonsense://x"):
        async with started(client(url)) as channel:
            shown += repr(channel)
            for answer in (html, quoting, moved, Answer(fault="drop"), Answer(500)):
                far.answer(answer)
                shown += repr(await channel.send(CHAT, Part("text", "x"))) + repr(await channel.check())
                with pytest.raises(Unavailable) as caught:
                    await channel.poll_raw()
                shown += repr(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    shown += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert TOKEN not in shown
    assert "token-nobody-may-see" not in shown


# ---- polling ----


async def test_a_poll_gives_the_raw_bytes_before_anything_is_read(bot: ZaloBot, far: FarSide) -> None:
    far.answer(recorded("text_wrapped"))
    assert await bot.poll_raw() == raw("text_wrapped")
    assert far.asked[-1].path == f"/bot{TOKEN}/getUpdates"
    assert far.asked[-1].json() == {"timeout": 1}
    far.answer(Answer(200, b'{"ok": tr\xff'))
    assert await bot.poll_raw() == b'{"ok": tr\xff'


@pytest.mark.parametrize(
    "answer",
    [recorded("answer_timeout"), no(408, status=408), yes({}), yes(None), yes([]), Answer(200, b"")],
    ids=["408 in 200", "408", "nothing", "null", "empty list", "empty body"],
)
async def test_no_news_is_an_empty_poll(bot: ZaloBot, far: FarSide, answer: Answer) -> None:
    far.answer(answer)
    assert await bot.poll_raw() is None
    assert await bot.poll("") == ([], "")


async def test_the_contracts_poll_reads_what_came(bot: ZaloBot, far: FarSide) -> None:
    far.answer(recorded("text_wrapped"))
    assert await bot.poll("") == ([EVENTS["text_wrapped"]], "")


@pytest.mark.parametrize(
    ("answer", "suspend"),
    [
        (recorded("answer_unauthorized"), True),
        (recorded("answer_quota"), False),
        (no(500), False),
        (Answer(502, HTML, "text/html"), False),
        (Answer(200, HTML, "text/html"), False),
        (Answer(fault="drop"), False),
    ],
    ids=["token reset", "quota", "500", "bad gateway", "page with 200", "dropped"],
)
async def test_a_poll_that_fails_says_whether_a_person_is_needed(
    bot: ZaloBot, far: FarSide, answer: Answer, suspend: bool
) -> None:
    far.answer(answer)
    with pytest.raises(Unavailable) as caught:
        await bot.poll_raw()
    assert caught.value.suspend == suspend


async def test_a_webhook_left_set_is_told_once_and_not_removed(
    bot: ZaloBot, far: FarSide, caplog: pytest.LogCaptureFixture
) -> None:
    far.answer_at("/getWebhookInfo", yes({"url": HOOK}))
    far.answer(recorded("answer_timeout"))
    await bot.poll_raw()
    await bot.poll_raw()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    methods = [one.path.rsplit("/", 1)[1] for one in far.asked]
    assert methods == ["getWebhookInfo", "getUpdates", "getUpdates"]


# ---- webhook ----


@pytest.mark.parametrize("name", ["X-Bot-Api-Secret-Token", "x-bot-api-secret-token"])
def test_the_secret_lets_in(name: str) -> None:
    client("").verify({name: SECRET}, raw("text_flat"))


@pytest.mark.parametrize("headers", [{}, {"X-Bot-Api-Secret-Token": ""}, {"X-Bot-Api-Secret-Token": "bí mật"}])
def test_another_secret_or_none_is_forbidden(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        client("").verify(headers, raw("text_flat"))


def test_without_a_secret_of_ours_nobody_gets_in() -> None:
    channel = ZaloBot(Account(9, "bot-xa", "zalo_bot", BOT, {"token": TOKEN}, ""), lambda: NOW)
    with pytest.raises(Forbidden):
        channel.verify({"X-Bot-Api-Secret-Token": ""}, raw("text_flat"))


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_probe_is_let_in_and_says_nothing(body: bytes) -> None:
    channel = client("")
    channel.verify({}, body)
    assert channel.read(body) == []


async def test_a_webhook_is_set_only_when_it_differs(bot: ZaloBot, far: FarSide) -> None:
    far.answer_at("/getWebhookInfo", yes({"url": HOOK}))
    await bot.set_webhook(HOOK, SECRET)
    assert [one.path.rsplit("/", 1)[1] for one in far.asked] == ["getWebhookInfo"]


async def test_a_webhook_zalo_could_not_reach_is_told(
    bot: ZaloBot, far: FarSide, caplog: pytest.LogCaptureFixture
) -> None:
    far.answer(recorded("answer_set_webhook"))
    await bot.set_webhook(HOOK, SECRET)
    assert far.asked[1].json() == {"url": HOOK, "secret_token": SECRET}
    assert "webhook.err.tls" in caplog.text
    assert (await bot.webhook_info()).trouble == "webhook.err.tls"
    far.answer(recorded("answer_get_me"))
    assert [found.ok for found in await bot.check()] == [True, False]


async def test_a_webhook_is_removed_when_there_is_one(bot: ZaloBot, far: FarSide) -> None:
    await bot.set_webhook("", "")
    far.answer_at("/getWebhookInfo", yes({"url": HOOK}))
    far.answer(yes({"url": ""}))
    await bot.set_webhook("", "")
    methods = [one.path.rsplit("/", 1)[1] for one in far.asked]
    assert methods == ["getWebhookInfo", "getWebhookInfo", "deleteWebhook"]


async def test_an_unknown_webhook_counts_as_none(bot: ZaloBot, far: FarSide) -> None:
    far.answer_at("/getWebhookInfo", no(404))
    assert (await bot.webhook_info()).url == ""


@pytest.mark.parametrize("secret", ["", "short", "x" * 257])
async def test_a_secret_zalo_would_refuse_is_refused_here(bot: ZaloBot, far: FarSide, secret: str) -> None:
    with pytest.raises(Unavailable):
        await bot.set_webhook(HOOK, secret)
    assert far.asked == []


@pytest.mark.parametrize(("code", "suspend"), [(401, True), (426, False), (500, False)])
async def test_a_webhook_that_cannot_be_set_is_unavailable(
    bot: ZaloBot, far: FarSide, code: int, suspend: bool
) -> None:
    far.answer(no(code))
    with pytest.raises(Unavailable) as caught:
        await bot.set_webhook(HOOK, SECRET)
    assert caught.value.suspend == suspend


# ---- events ----


def heard(kind: str, event: str, **rest: Any) -> Heard:
    head = {"chat": CHAT, "key": f"message.{event}.received:m1a2b3c4d5e6f7081920", "name": "Lò Văn Ún"}
    return Heard(**{"channel": "zalo_bot", "account": BOT, "at": 1_789_033_572_455, "kind": kind, **head, **rest})


WORDS = "Bao giờ có điện?"
PHOTO, VOICE = "https://photo-stal-1.zdn.vn/1.jpg", "https://f2-voice-aac-dl.zdn.vn/1.aac"
EVENTS: dict[str, Heard] = {
    "text_flat": heard("text", "text", text=WORDS),
    "text_wrapped": heard("text", "text", text=WORDS),
    "text_seconds": heard("text", "text", text=WORDS, at=1_789_033_572_000),
    "image_as_captured": heard("media", "image", text="cầu hỏng", attached=(Attached("image", PHOTO),)),
    "image_as_documented": heard("media", "image", attached=(Attached("image", PHOTO),)),
    "voice": heard("media", "voice", attached=(Attached("voice", VOICE, "audio/aac"),)),
    "sticker": heard("media", "sticker", attached=(Attached("sticker", "https://zalo-api.zdn.vn/s.png"),)),
    "unsupported": heard("unsupported", "unsupported"),
    "group_text": heard("text", "text", text="bao giờ có điện?", chat="g0g0", group=True),
    "group_text_lower_case": heard("text", "text", text="bao giờ có điện?", chat="g0g0", group=True),
    "follow": heard("follow", "x", key=f"user.follow:1789033572455:{CHAT}"),
}
NOBODY = ["another_bot", "unknown_event"]


@pytest.mark.parametrize("name", EVENTS)
def test_an_update_is_read(name: str) -> None:
    assert client("", bot_names=["Bot Thôn Tin"]).read(raw(name)) == [EVENTS[name]]


@pytest.mark.parametrize("name", [*NOBODY, "answer_timeout"])
def test_what_nobody_said_is_never_answered(name: str) -> None:
    assert client("").read(raw(name)) == []


def test_every_recorded_update_is_in_a_table() -> None:
    files = {path.stem for path in HERE.glob("*.json") if not path.stem.startswith("answer_")}
    assert files == {*EVENTS, *NOBODY}


@pytest.mark.parametrize(
    ("words", "want"),
    [
        ("@Bot Thôn Tin bao giờ?", "bao giờ?"),
        ("bao giờ @bot thôn tin ?", "bao giờ ?"),
        ("@Bot Thôn Tinh bao giờ?", "Thôn Tinh bao giờ?"),
        ("@khác bao giờ?", "bao giờ?"),
        ("gửi an@xa.vn", "gửi an@xa.vn"),
        ("@Bot Thôn Tin", ""),
    ],
)
def test_the_mention_of_the_bot_is_taken_out(words: str, want: str) -> None:
    assert without_mention(words, ["Bot Thôn Tin"]) == want


async def test_the_bots_own_name_is_learned_from_the_platform(bot: ZaloBot, far: FarSide) -> None:
    far.answer(recorded("answer_get_me"))
    assert [found.ok for found in await bot.check()] == [True, True]
    assert bot.read(raw("group_text"))[0].text == "bao giờ có điện?"


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"\xff",
        b"[]",
        b"null",
        b'{"event_name":7.5}',
        b'{"event_name":"message.text.received","message":{"text":"x"}}',
        b'{"event_name":"message.text.received","message":{"chat":{"id":"c"},"date":"soon","text":"x"}}',
        b"[" * 200_000,
    ],
)
def test_a_wrong_shape_is_a_bad_body(body: bytes) -> None:
    with pytest.raises(BadBody):
        read(body, BOT)


@pytest.mark.parametrize("junk", [5, [], {"x": 1}, None, "\ud800"])
def test_junk_in_a_field_breaks_nothing(junk: object) -> None:
    event = json.loads(raw("image_as_captured"))
    event["message"] |= {"photo_url": junk, "caption": junk, "from": junk, "message_id": junk}
    (found,) = read(json.dumps(event).encode(), BOT)
    assert found.chat == CHAT
    found.text.encode()
    found.key.encode()


@pytest.mark.parametrize("answer", [recorded("answer_unauthorized"), no(500), Answer(fault="drop")])
async def test_the_doctor_says_what_is_wrong_and_what_to_do(bot: ZaloBot, far: FarSide, answer: Answer) -> None:
    far.answer(answer)
    (found,) = await bot.check()
    assert not found.ok
    assert found.remedy


async def test_the_doctor_sees_the_token_of_another_bot(bot: ZaloBot, far: FarSide) -> None:
    far.answer(yes({"id": "1", "account_name": "bot.x"}))
    assert [found.ok for found in await bot.check()] == [False, True]


def test_a_secret_that_is_no_text_is_refused_as_any_wrong_one() -> None:
    with pytest.raises(Forbidden):
        client("").verify({"X-Bot-Api-Secret-Token": "\udcff"}, raw("text_flat"))
