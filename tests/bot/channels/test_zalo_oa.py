"""The Zalo OA client: every code's ending, uploads, one refresh for two refusals, signatures, and every event."""

import asyncio
import hashlib
import hmac
import json
import logging
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Account, BadBody, Channel, Forbidden, Medium, Unavailable
from bot.channels.zalo_errors import ENDINGS, ending
from bot.channels.zalo_oa import Limits, ZaloOA
from bot.channels.zalo_oa_read import Echo, oa_of, read
from bot.channels.zalo_tokens import HOUR_MS, Tokens
from bot.endings import Ending, Gone, Later, Never, Sent
from content.message import Attached, Heard, Part, Place
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
from tests.bot.channels.test_zalo_tokens import MemoryStore

HERE = Path(__file__).parent / "zalo_oa"
NOW = 1_700_000_000_000  # 2023-11-15 05:13:20 in Viet Nam, 20 s into its minute
APP, OA, USER = "3608465248940903967", "388613280878808645", "246845883529197922"
SECRETS = {"app_secret": "app_secret_demo", "oa_secret_key": "oa_secret_demo"}


def raw(name: str) -> bytes:
    return (HERE / f"{name}.json").read_bytes()


def recorded(name: str, **headers: str) -> Answer:
    return Answer(body=raw(name), headers=headers)


def no(code: int, words: str = "") -> Answer:
    return said({"error": code, "message": words})


def client(url: str, store: MemoryStore | None = None, **settings: Any) -> ZaloOA:
    usual = {"app_id": APP, "oauth_url": url, "read_timeout": 0.4, "connect_timeout": 1}
    account = Account(7, "thanh-nua", "zalo_oa", OA, SECRETS, url, {**usual, **settings})
    return ZaloOA(account, store or MemoryStore(Tokens("access-1", "refresh-1", NOW + 20 * HOUR_MS)), lambda: NOW)


@asynccontextmanager
async def started(channel: ZaloOA) -> AsyncIterator[ZaloOA]:
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
async def oa(far: FarSide) -> AsyncIterator[ZaloOA]:
    far.answer(recorded("answer_sent"))
    far.answer_at("/access_token", recorded("token_pair"))
    async with started(client(far.url)) as channel:
        yield channel


def medium(folder: Path, mime: str = "image/jpeg", size: int = 4, handle: str = "") -> Medium:
    path = folder / "5e884898"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    return Medium("5e884898", mime, path, size, handle)


def test_it_is_a_channel() -> None:
    channel: Channel = client("http://127.0.0.1:1")
    assert channel.kind == "zalo_oa"


# ---- the common table ----

DIALECT = Dialect(
    sent=recorded("answer_sent"),
    throttled=no(-32, "Your OA reached limit call api"),
    gone=no(-217, "User has blocked invitation from OA"),
    rejected=no(-210, "Parameter exceeds allowable limit"),
    sent_id="63ecf43f0df7dba892e6",
    throttled_wait=40.5,
)


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_every_answer_has_its_ending(case: Case, far: FarSide) -> None:
    async with playing(case, far) as url, started(client(url)) as channel:
        case.check(await channel.send(USER, Part("text", "Chào bà con")), DIALECT)


# ---- the error table ----

MEANING: dict[int, tuple[type[Ending], Mapping[str, Any]]] = {
    -32: (Later, {"budget": True}),
    -100: (Never, {"window": False}),
    -200: (Later, {"suspend": False, "budget": False}),
    -201: (Never, {"window": False}),
    -210: (Never, {"window": False}),
    -213: (Gone, {"inactive": False}),
    -214: (Later, {"suspend": False}),
    -217: (Gone, {"inactive": False}),
    -218: (Later, {"suspend": False}),
    -227: (Gone, {"inactive": True}),
    -230: (Never, {"window": True}),
    -232: (Never, {"window": True}),
    -233: (Never, {"window": False}),
    -234: (Later, {"suspend": False}),
    -237: (Gone, {"inactive": False}),
    -244: (Gone, {"inactive": False}),
    -248: (Never, {"window": False}),
    -249: (Never, {"window": False}),
    -403: (Gone, {"inactive": False}),
    -99999: (Later, {"suspend": False, "budget": False}),
}
SUSPENDING = [-204, -205, -209, -211, -212, -216, -219, -220, -221, -223, -224, -235, -238, -240, -241, -242]
SUSPENDING += [-320, -321]


@pytest.mark.parametrize("code", MEANING)
def test_a_code_means_one_ending(code: int) -> None:
    kind, fields = MEANING[code]
    found = ending(code, "", NOW)
    assert type(found) is kind
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize("code", SUSPENDING)
def test_a_fault_of_the_account_suspends_it_with_a_reason_people_can_read(code: int) -> None:
    found = ending(code, "", NOW)
    assert isinstance(found, Later)
    assert found.suspend
    assert str(code) in found.why
    assert not found.why.isascii()


def test_the_whole_table_is_covered() -> None:
    assert set(ENDINGS) == (set(MEANING) | set(SUSPENDING)) - {-99999}


@pytest.mark.parametrize(
    ("code", "words", "want"),
    [
        (-32, "Your application reached limit call api", "ứng dụng"),
        (-32, "Your OA reached limit call api", "OA gọi"),
        (-223, "Official Account has not authorized this API", "kết nối lại"),
        (-223, "OA reached the limit quota create article", "bài viết"),
        (-201, "user_id is invalid!", "người nhận"),
        (-201, "message is invalid!", "tham số"),
    ],
)
def test_where_a_code_has_two_meanings_the_text_decides(code: int, words: str, want: str) -> None:
    found = ending(code, words, NOW)
    assert not isinstance(found, Sent)
    assert want in found.why


def test_a_throttled_call_waits_for_the_next_minute_and_not_in_step_with_others() -> None:
    waits = {ending(-32, "", NOW).wait for _ in range(20)}  # type: ignore[union-attr]
    assert all(40 < wait <= 45 for wait in waits)
    assert len(waits) > 1


@pytest.mark.parametrize(
    ("now", "minutes"),
    [(NOW, 51 + 40 / 60), (NOW + 18 * HOUR_MS, 6 * 60 + 51 + 40 / 60)],
    ids=["before dawn", "before midnight"],
)
def test_a_night_refusal_waits_for_five_past_six_in_viet_nam(now: int, minutes: float) -> None:
    found = ending(-234, "", now)
    assert isinstance(found, Later)
    assert found.wait == pytest.approx(minutes * 60)


async def test_a_failed_send_is_tried_twice_more_and_then_given_up(oa: ZaloOA, far: FarSide) -> None:
    far.answer(no(-200, "Send message failed"))
    found = [type(await oa.send(USER, Part("text", "x"))) for _ in range(4)]
    assert found == [Later, Later, Never, Later]


# ---- what is sent ----


async def test_a_text_is_sent_in_nfc_to_the_message_endpoint(oa: ZaloOA, far: FarSide) -> None:
    words = "Mời bà con họp thôn"
    assert await oa.send(USER, Part("text", unicodedata.normalize("NFD", words))) == Sent("63ecf43f0df7dba892e6")
    (asked,) = far.asked
    assert (asked.method, asked.path) == ("POST", "/v3.0/oa/message/cs")
    assert asked.headers["access_token"] == "access-1"
    assert "appsecret_proof" not in asked.headers
    assert asked.json() == {"recipient": {"user_id": USER}, "message": {"text": words}}


async def test_the_proof_of_the_app_secret_is_sent_when_the_app_asks_for_it(far: FarSide) -> None:
    far.answer(recorded("answer_sent"))
    async with started(client(far.url, appsecret_proof=True)) as channel:
        await channel.send(USER, Part("text", "x"))
    want = hmac.new(b"app_secret_demo", b"access-1", hashlib.sha256).hexdigest()
    assert far.asked[0].headers["appsecret_proof"] == want


@pytest.mark.parametrize(
    ("words", "kind"),
    [("ắ" * 2000, Sent), ("ắ" * 2001, Never), ("🌊" * 1000, Sent), ("🌊" * 1001, Never), (" \n", Never)],
    ids=["2000", "2001", "1000 emoji", "1001 emoji", "blank"],
)
async def test_a_text_is_never_split_here(oa: ZaloOA, far: FarSide, words: str, kind: type[Ending]) -> None:
    assert type(await oa.send(USER, Part("text", unicodedata.normalize("NFD", words)))) is kind
    assert len(far.asked) == (kind is Sent)


async def test_half_a_character_does_not_stop_a_send(oa: ZaloOA) -> None:
    assert isinstance(await oa.send(USER, Part("text", "lũ \ud83c\x00 lên")), Sent)


async def test_a_voice_message_never_leaves_by_an_oa(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    assert isinstance(await oa.send(USER, Part("voice", media="5e"), medium(tmp_path, "audio/mpeg")), Never)
    assert far.asked == []


async def test_a_photo_is_uploaded_once_and_its_handle_handed_back(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    far.answer_at("/v2.0/oa/upload/image", said({"error": 0, "data": {"attachment_id": "att-1"}}))
    part = Part("photo", "Cầu Mển", media="5e884898")
    assert await oa.send(USER, part, medium(tmp_path)) == Sent("63ecf43f0df7dba892e6", handle="att-1")
    assert await oa.send(USER, part, medium(tmp_path, handle="att-1")) == Sent("63ecf43f0df7dba892e6")
    upload, first, second = far.asked
    assert upload.form["file"] == b"\xff\xd8\xff\xe0"
    assert b"5e884898" not in upload.body
    image = {"template_type": "media", "elements": [{"media_type": "image", "attachment_id": "att-1"}]}
    assert first.json()["message"] == {
        "text": "Cầu Mển",
        "attachment": {"type": "template", "payload": image},
    }
    assert second.json() == first.json()


async def test_a_file_goes_by_its_token(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    far.answer_at("/v2.0/oa/upload/file", said({"error": 0, "data": {"token": "tok-1"}}))
    found = await oa.send(USER, Part("file", media="5e884898"), medium(tmp_path, "application/pdf"))
    assert found == Sent("63ecf43f0df7dba892e6", handle="tok-1")
    assert far.asked[1].json()["message"] == {"attachment": {"type": "file", "payload": {"token": "tok-1"}}}


async def test_an_expired_upload_is_uploaded_once_more(oa: ZaloOA, far: FarSide, tmp_path: Path) -> None:
    far.answer_at("/v2.0/oa/upload/image", said({"error": 0, "data": {"attachment_id": "att-2"}}))
    far.answer(no(-100, "attachment_id was expired"), recorded("answer_sent"))
    found = await oa.send(USER, Part("photo", media="5e884898"), medium(tmp_path, handle="att-1"))
    assert found == Sent("63ecf43f0df7dba892e6", handle="att-2")
    far.answer(no(-100, "attachment_id was expired"))
    assert isinstance(await oa.send(USER, Part("photo", media="5e"), medium(tmp_path, handle="att-1")), Never)
    assert [one.path.rsplit("/", 1)[1] for one in far.asked] == ["cs", "image", "cs"] * 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(502, HTML, "text/html"), Later),
        (Answer(fault="drop"), Later),
        (said({"error": 0, "data": {}}), Later),
        (no(-201, "file is invalid!"), Never),
        (no(-224), Later),
    ],
    ids=["bad gateway", "dropped", "no id", "rejected", "tier too low"],
)
async def test_an_upload_that_fails_tells_nobody_so_it_is_never_unknown(
    oa: ZaloOA, far: FarSide, tmp_path: Path, answer: Answer, kind: type[Ending]
) -> None:
    far.answer_at("/v2.0/oa/upload/image", answer)
    assert type(await oa.send(USER, Part("photo", media="5e884898"), medium(tmp_path))) is kind
    assert len(far.asked) == 1


@pytest.mark.parametrize(
    ("mime", "size"),
    [("image/webp", 9), ("image/jpeg", (1 << 20) + 1)],
    ids=["webp", "above 1 MB"],
)
async def test_a_photo_zalo_would_refuse_is_not_uploaded(
    oa: ZaloOA, far: FarSide, tmp_path: Path, mime: str, size: int
) -> None:
    assert isinstance(await oa.send(USER, Part("photo", media="5e"), medium(tmp_path, mime, size)), Never)
    assert far.asked == []


async def test_a_file_that_is_gone_from_disk_is_no_crash(oa: ZaloOA, tmp_path: Path) -> None:
    lost = Medium("5e", "image/jpeg", tmp_path / "nowhere", 4)
    assert isinstance(await oa.send(USER, Part("photo", media="5e"), lost), Never)
    assert isinstance(await oa.send(USER, Part("photo", media="5e")), Never)


async def test_the_rate_zalo_tells_is_kept_and_paid_sends_are_counted(oa: ZaloOA, far: FarSide) -> None:
    rate = {"X-RateLimit-Limit": "100", "X-RateLimit-Remain": "61"}
    far.answer(recorded("answer_sent", **rate), recorded("answer_sent_paid"))
    await oa.send(USER, Part("text", "x"))
    assert (oa.limits, oa.billed) == (Limits(100, 61, NOW), 0)
    await oa.send(USER, Part("text", "x"))
    assert (oa.limits, oa.billed) == (Limits(100, 61, NOW), 1)


# ---- tokens ----


@pytest.mark.parametrize("code", [-216, -220])
async def test_a_refused_token_is_renewed_once_and_the_send_made_once_more(oa: ZaloOA, far: FarSide, code: int) -> None:
    far.answer(no(code), recorded("answer_sent"))
    assert isinstance(await oa.send(USER, Part("text", "x")), Sent)
    paths = [one.path for one in far.asked]
    assert paths == ["/v3.0/oa/message/cs", "/v4/oa/access_token", "/v3.0/oa/message/cs"]
    assert far.asked[2].headers["access_token"] == "access-2"


async def test_two_sends_that_see_a_dead_token_refresh_it_once(far: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_token(path: str) -> Answer:
        if path.endswith("/access_token"):
            return recorded("token_pair")
        return no(-216) if far.asked[-1].headers["access_token"] == "access-1" else recorded("answer_sent")

    monkeypatch.setattr(far, "_next", by_token)
    store = MemoryStore(Tokens("access-1", "refresh-1", NOW + 20 * HOUR_MS))
    async with started(client(far.url, store)) as here, started(client(far.url, store)) as there:
        sends = (one.send(USER, Part("text", "x")) for one in (here, there, here))
        found = await asyncio.gather(*sends)
    assert [type(one) for one in found] == [Sent] * 3
    assert [one.path for one in far.asked].count("/v4/oa/access_token") == 1
    assert len(store.saved) == 1


async def test_a_token_refused_twice_suspends_the_account(oa: ZaloOA, far: FarSide) -> None:
    far.answer(no(-216))
    found = await oa.send(USER, Part("text", "x"))
    assert isinstance(found, Later)
    assert found.suspend
    assert len(far.asked) == 3


async def test_a_dead_refresh_token_suspends_with_the_word_reconnect(oa: ZaloOA, far: FarSide) -> None:
    far.answer(no(-216))
    far.answer_at("/access_token", Answer(200, b""))
    found = await oa.send(USER, Part("text", "x"))
    assert isinstance(found, Later)
    assert found.suspend
    assert found.why.startswith("cần kết nối lại OA thanh-nua")


async def test_a_token_host_that_is_down_only_delays(oa: ZaloOA, far: FarSide) -> None:
    far.answer(no(-216))
    far.answer_at("/access_token", Answer(502, HTML, "text/html"))
    found = await oa.send(USER, Part("text", "x"))
    assert isinstance(found, Later)
    assert not found.suspend


async def test_no_token_and_no_words_show_in_an_ending_or_a_log(
    oa: ZaloOA, far: FarSide, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = "nhà tôi ở bản Mển"
    bad = [no(-216), no(-201, f"{words} is invalid!"), no(-12345, words), Answer(fault="drop"), Answer(200, HTML)]
    shown = repr(oa)
    for answer in bad:
        far.answer(answer)
        shown += repr(await oa.send(USER, Part("text", words)))
    shown += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    for secret in (words, "access-1", "access-2", "refresh-1", "refresh-2", *SECRETS.values()):
        assert secret not in shown


# ---- signatures ----

SIGNED = (
    b'{"app_id":"3608465248940903967","user_id_by_app":"552177279717587730","event_name":"user_send_text",'
    b'"timestamp":"1700000000123","sender":{"id":"246845883529197922"},"recipient":{"id":"388613280878808645"},'
    b'"message":{"msg_id":"96d3cdf3af150460909","text":"Ch\xc3\xa0o shop \xe1\xba\xa1"}}'
)
MAC = "cdfa308829d33b06dc47d9f638e240c159fdbb85ec6c59fa41b0854662809c51"


def mac(body: bytes, secret: str = "oa_secret_demo", stamp: str = "1700000000123", app: str = APP) -> str:
    return "mac=" + hashlib.sha256(app.encode() + body + stamp.encode() + secret.encode()).hexdigest()


ESCAPED = SIGNED.replace("ạ".encode(), b"\\u1ea1").replace(b'":"', b'" : "')
NOT_UTF8 = SIGNED.replace("ạ".encode(), b"\xff")
OTHERS = SIGNED.replace(APP.encode(), b"111")
OLD = SIGNED.replace(b"1700000000123", b"1500000000123")
NUMBER = SIGNED.replace(b'"1700000000123"', b"1700000000123")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-ZEvent-Signature": f"mac={MAC}"}, SIGNED),
        ({"x-zevent-signature": MAC}, SIGNED),
        ({"X-ZEVENT-SIGNATURE": f" mac={MAC.upper()} "}, SIGNED),
        ({"X-ZEvent-Signature": mac(ESCAPED)}, ESCAPED),
        ({"X-ZEvent-Signature": mac(OLD, stamp="1500000000123")}, OLD),
        ({"X-ZEvent-Signature": mac(NUMBER)}, NUMBER),
    ],
    ids=["reference vector", "without mac=", "upper-case", "escaped and spaced", "years old", "time as number"],
)
def test_a_right_signature_over_the_raw_bytes_is_taken(headers: dict[str, str], body: bytes) -> None:
    client("http://127.0.0.1:1").verify(headers, body)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, SIGNED),
        ({"X-ZEvent-Signature": ""}, SIGNED),
        ({"X-ZEvent-Signature": "mac="}, SIGNED),
        ({"X-ZEvent-Signature": "mac=đúng"}, SIGNED),
        ({"X-ZEvent-Signature": mac(SIGNED, "another")}, SIGNED),
        ({"X-ZEvent-Signature": mac(SIGNED, "")}, SIGNED),
        ({"X-ZEvent-Signature": f"mac={MAC}"}, SIGNED + b" "),
        ({"X-ZEvent-Signature": f"mac={MAC}"}, ESCAPED),
        ({"X-ZEvent-Signature": mac(OTHERS, app="111")}, OTHERS),
        ({"X-ZEvent-Signature": mac(OTHERS)}, OTHERS),
        ({"X-ZEvent-Signature": mac(b"hello")}, b"hello"),
        ({"X-ZEvent-Signature": mac(NOT_UTF8)}, NOT_UTF8),
        ({"X-ZEvent-Signature": mac(b"")}, b""),
        ({"X-ZEvent-Signature": mac(b"[" * 100_000)}, b"[" * 100_000),
    ],
)
def test_anything_else_is_forbidden(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(Forbidden):
        client("http://127.0.0.1:1").verify(headers, body)


def test_no_secret_configured_lets_nobody_in() -> None:
    account = Account(7, "thanh-nua", "zalo_oa", OA, {}, "", {"app_id": APP})
    channel = ZaloOA(account, MemoryStore(None), lambda: NOW)
    with pytest.raises(Forbidden):
        channel.verify({"X-ZEvent-Signature": mac(SIGNED, "")}, SIGNED)


def test_the_app_secret_signs_too_and_the_operator_hears_of_it_once(caplog: pytest.LogCaptureFixture) -> None:
    channel = client("http://127.0.0.1:1")
    for _ in range(2):
        channel.verify({"X-ZEvent-Signature": mac(SIGNED, "app_secret_demo")}, SIGNED)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("signed with the app_secret")


# ---- events ----


def heard(kind: str, key: str, **rest: Any) -> Heard:
    return Heard("zalo_oa", OA, USER, key, 1_700_000_000_123, kind, **rest)  # type: ignore[arg-type]


M = "96d3cdf3af150460909"
Z = "https://f10-zpc.zdn.vn/jpg/123/"
FILE, VOICE = "https://file-dl.zdn.vn/", "https://f2-voice-aac-dl.zdn.vn/1.aac"
STICKER = "https://zalo-api.zdn.vn/api/emoticon/sticker?eid=21533"
EVENTS: dict[str, Heard] = {
    "user_send_text": heard("text", f"user_send_text:{M}", text="Chào xã ạ"),
    "user_send_text_quote": heard("text", "user_send_text:q1", text="đúng rồi"),
    "user_send_image": heard(
        "media", f"user_send_image:{M}", text="đường hỏng", attached=(Attached("image", Z + "a.jpg"),)
    ),
    "user_send_gif": heard("media", f"user_send_gif:{M}", attached=(Attached("image", Z + "b.gif"),)),
    "user_send_sticker": heard("media", f"user_send_sticker:{M}", attached=(Attached("sticker", STICKER),)),
    "user_send_link": heard("text", f"user_send_link:{M}", text="xem tin này\nhttps://baodienbienphu.vn/tin"),
    "user_send_audio": heard("media", f"user_send_audio:{M}", attached=(Attached("voice", VOICE),)),
    "user_send_video": heard(
        "media", f"user_send_video:{M}", attached=(Attached("video", "https://video-dl.zdn.vn/1.mp4"),)
    ),
    "user_send_file": heard(
        "media", f"user_send_file:{M}", attached=(Attached("file", FILE + "1", "application/pdf", 9999),)
    ),
    "user_send_file_video": heard(
        "media", f"user_send_file:{M}", attached=(Attached("video", FILE + "2", "video/mp4", 209_715_200),)
    ),
    "user_send_file_unknown": heard("unsupported", f"user_send_file:{M}"),
    "user_send_location": heard("place", "user_send_location:b8de01", place=Place(21.3891, 103.0165)),
    "user_send_location_wrong": heard("unsupported", "user_send_location:b8de02"),
    "user_send_business_card": heard("unsupported", f"user_send_business_card:{M}"),
    "follow": heard("follow", f"follow:1700000000123:{USER}"),
    "unfollow": heard("unfollow", f"unfollow:1700000000123:{USER}"),
    "user_withdraw": heard("withdraw", f"user_withdraw:1700000000123:{USER}"),
}
SILENT = ["user_received_message", "user_seen_message", "user_reacted_message"]
ECHOES = {
    "oa_send_text": Echo("63ecf43f0df7dba892e6", USER),
    "oa_send_text_by_admin": Echo("77aa", USER, "4402738"),
    "oa_send_image": Echo("63ec01", USER),
    "oa_send_list": Echo("63ec02", USER),
}
LOGGED = ["user_submit_info", "add_user_to_tag", "user_send_group_text", "user_does_a_new_thing"]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_read(name: str) -> None:
    channel = client("http://127.0.0.1:1")
    assert channel.read(raw(name)) == [EVENTS[name]]
    assert channel.echoes(raw(name)) == []
    assert oa_of(raw(name)) == OA


@pytest.mark.parametrize("name", [*SILENT, *ECHOES])
def test_what_nobody_said_is_never_answered(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert client("http://127.0.0.1:1").read(raw(name)) == []
    assert caplog.records == []


@pytest.mark.parametrize("name", ECHOES)
def test_an_echo_tells_which_message_it_was(name: str) -> None:
    assert client("http://127.0.0.1:1").echoes(raw(name)) == [ECHOES[name]]
    assert oa_of(raw(name)) == OA


@pytest.mark.parametrize("name", LOGGED)
def test_an_unused_event_is_logged_by_its_name_alone(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert read(raw(name), OA) == []
    (record,) = caplog.records
    assert name in record.getMessage()
    shown = str(record.__dict__)
    assert not any(word in shown for word in (USER, "Lò Thị Mai", "84912345678", "bản"))


def test_every_recorded_event_is_in_a_table() -> None:
    files = {path.stem for path in HERE.glob("*.json") if not path.stem.startswith(("answer_", "token_"))}
    assert files == {*EVENTS, *SILENT, *ECHOES, *LOGGED}


def test_an_event_of_another_oa_is_not_ours() -> None:
    assert read(raw("user_send_text"), "1") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"event_name":5.5}',
        b"{}",
        b'{"event_name":"user_send_text","recipient":{"id":"388613280878808645"}}',
        b'{"event_name":"follow","oa_id":"388613280878808645","timestamp":"-1","follower":{"id":"1"}}',
        b"[" * 200_000,
    ],
)
def test_a_wrong_shape_is_a_bad_body(body: bytes) -> None:
    with pytest.raises(BadBody):
        read(body, OA)


@pytest.mark.parametrize("junk", [None, 5, "x", [], [None], {"attachments": "x"}, {"attachments": [{"payload": 3}]}])
def test_junk_inside_an_event_is_answered_and_breaks_nothing(junk: object) -> None:
    event = {**json.loads(raw("user_send_image")), "message": junk}
    (found,) = read(json.dumps(event).encode(), OA)
    assert (found.kind, found.chat) == ("unsupported", USER)


def test_half_a_character_and_nul_are_taken_out_of_what_is_heard() -> None:
    body = raw("user_send_text").replace("Chào xã ạ".encode(), b"a\\ud800b\\u0000c")
    assert read(body, OA)[0].text == "a�bc"


def test_a_redelivery_has_the_same_key() -> None:
    first, again = read(raw("follow"), OA)[0], read(raw("follow") + b"\n", OA)[0]
    assert first.key == again.key


# ---- health ----


async def test_the_doctor_asks_for_the_oa(oa: ZaloOA, far: FarSide) -> None:
    far.answer(recorded("answer_getoa"))
    (found,) = await oa.check()
    assert found.ok
    assert (far.asked[0].method, far.asked[0].path) == ("GET", "/v2.0/oa/getoa")


@pytest.mark.parametrize(
    "answer",
    [
        no(-216),
        no(-224),
        Answer(502, HTML, "text/html"),
        Answer(fault="drop"),
        said({"error": 0, "data": {"oaid": "1"}}),
    ],
    ids=["token", "tier", "down", "dropped", "another OA"],
)
async def test_the_doctor_says_what_is_wrong_and_what_to_do(oa: ZaloOA, far: FarSide, answer: Answer) -> None:
    far.answer(answer)
    (found,) = await oa.check()
    assert not found.ok
    assert found.what
    assert found.remedy


async def test_a_token_never_follows_a_redirect(oa: ZaloOA, far: FarSide) -> None:
    far.answer(Answer(307, b"", headers={"Location": f"{far.url}/elsewhere"}))
    assert isinstance(await oa.send(USER, Part("text", "x")), Later)
    assert len(far.asked) == 1


async def test_what_an_oa_cannot_do_is_said_plainly(oa: ZaloOA) -> None:
    with pytest.raises(Unavailable) as polled:
        await oa.poll("")
    with pytest.raises(Unavailable):
        await oa.set_webhook("https://thontin.example/", "s")
    assert polled.value.suspend
    assert await oa.webhook_info() is None
    assert await oa.media_url("https://f10-zpc.zdn.vn/1.jpg") == "https://f10-zpc.zdn.vn/1.jpg"


async def test_a_channel_that_is_not_open_sends_later() -> None:
    assert isinstance(await client("http://127.0.0.1:1").send(USER, Part("text", "x")), Later)


def test_a_signature_that_is_no_text_is_refused_as_any_wrong_one() -> None:
    with pytest.raises(Forbidden):
        client("http://127.0.0.1:1").verify({"X-ZEvent-Signature": "mac=\udcff"}, SIGNED)
