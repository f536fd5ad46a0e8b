"""The emulated Bot API server keeps the contracts of the telegram reference."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, ServerDisconnectedError, TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from telegram import Bot as RealClient
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import Forbidden, RetryAfter
from yarl import URL

from bot.sandbox.state import Clock
from bot.sandbox.telegram import BotConfig, Config, app
from bot.sandbox.telegram_args import Refusal
from bot.sandbox.telegram_files import Vault
from bot.sandbox.telegram_state import limits
from bot.sandbox.telegram_text import parse_html

TOKEN, OTHER = "111:main-secret", "222:other-secret"
BOTS = {TOKEN: BotConfig(111, "thontin_bot"), OTHER: BotConfig(222, "khac_bot")}
OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 40
Json = dict[str, Any]


def picture(side: int = 200) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "green").save(out, "JPEG")
    return out.getvalue()


class Phone:
    """The emulator, its control API and one person."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client

    async def control(self, path: str, **body: Any) -> Any:
        async with self.client.post(f"/_control/{path}", json=body) as answer:
            return await answer.json()

    async def person(self, **told: Any) -> Json:
        return await self.control("users", **{"name": "Lò Thị Hoa", **told})  # type: ignore[no-any-return]

    async def do(self, person: Json, action: str, **told: Any) -> int:
        answer = await self.control(f"users/{person['id']}/do", action=action, **told)
        assert "n" in answer, answer
        return int(answer["n"])

    async def chat(self, person: Json) -> list[Json]:
        async with self.client.get(f"/_control/users/{person['id']}/chat") as answer:
            return (await answer.json())["items"]  # type: ignore[no-any-return]

    async def call(self, method: str, token: str = TOKEN, **args: Any) -> Json:
        async with self.client.post(f"/bot{token}/{method}", json=args) as answer:
            body: Json = await answer.json()
            assert body["ok"] == (answer.status == 200)
            return body

    async def ok(self, method: str, token: str = TOKEN, **args: Any) -> Any:
        body = await self.call(method, token, **args)
        assert body["ok"], body
        return body["result"]

    async def counts(self) -> Json:
        async with self.client.get("/_control/counts") as answer:
            return await answer.json()  # type: ignore[no-any-return]


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with TestClient(TestServer(app(Config(BOTS, allow_loopback=True)))) as client:
        yield Phone(client)


@pytest.fixture
async def hoa(phone: Phone) -> Json:
    return await phone.person(started=True)


class Listener:
    """A bot's webhook: remembers updates, answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[Json, dict[str, str]]] = []
        self.answers: list[web.Response] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.came = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        async with self.came:
            self.heard.append((await request.json(), dict(request.headers)))
            self.came.notify_all()
        await self.gate.wait()
        return self.answers.pop(0) if self.answers else web.Response()

    async def until(self, count: int) -> list[Json]:
        async with asyncio.timeout(3), self.came:
            await self.came.wait_for(lambda: len(self.heard) >= count)
        return [update for update, _ in self.heard]


@pytest.fixture
async def listener(phone: Phone) -> AsyncIterator[Listener]:
    made = Listener()
    site = web.Application()
    site.router.add_post("/hook", made.handle)
    async with TestServer(site) as server:
        url = str(server.make_url("/hook"))
        assert await phone.ok("setWebhook", url=url, secret_token="s3cret") is True
        yield made
        made.gate.set()


# Who may call, and how.


@pytest.mark.parametrize(
    ("token", "method", "code", "description"),
    [
        ("111:wrong", "getMe", 401, "Unauthorized"),
        ("nonsense", "getMe", 404, "Not Found"),
        (TOKEN, "sendPigeon", 404, "Not Found: method not found"),
    ],
    ids=["wrong token", "not a token", "unknown method"],
)
async def test_a_stranger_is_refused(phone: Phone, token: str, method: str, code: int, description: str) -> None:
    body = await phone.call(method, token)
    assert (body["error_code"], body["description"]) == (code, description)


async def test_methods_are_case_insensitive_and_take_get(phone: Phone) -> None:
    async with phone.client.get(f"/bot{TOKEN}/GETME") as answer:
        assert (await answer.json())["result"]["username"] == "thontin_bot"


@pytest.mark.parametrize("form", ["json", "form", "multipart", "address"])
async def test_parameters_come_in_four_forms(phone: Phone, hoa: Json, form: str) -> None:
    args = {"chat_id": str(hoa["id"]), "text": "Xin chào"}
    address = f"/bot{TOKEN}/sendMessage"
    if form == "address":
        answer = await phone.client.get(address, params=args)
    elif form == "json":
        answer = await phone.client.post(address, json=args)
    else:
        body = FormData(args, default_to_multipart=form == "multipart")
        answer = await phone.client.post(address, data=body)
    assert (await answer.json())["result"]["text"] == "Xin chào"


# Texts.


async def test_a_sent_message_is_a_message_and_is_on_the_phone(phone: Phone, hoa: Json) -> None:
    sent = await phone.ok("sendMessage", chat_id=int(hoa["id"]), text=" Lũ quét ", disable_notification=True)
    assert sent["chat"] == {"id": int(hoa["id"]), "first_name": "Lò Thị Hoa", "type": "private"}
    assert (sent["text"], sent["from"]["id"]) == ("Lũ quét", 111)
    (item,) = await phone.chat(hoa)
    assert (item["who"], item["text"], item["silent"], item["buttons"]) == ("bot", "Lũ quét", True, [])


@pytest.mark.parametrize(
    ("args", "description"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n\u202e "}, "Bad Request: text must be non-empty"),
        ({"text": "ạ" * 4097}, "Bad Request: message is too long"),
        ({"text": "🌊" * 2049}, "Bad Request: message is too long"),
        ({"text": "a", "parse_mode": "Wiki"}, "Bad Request: unsupported parse_mode"),
        (
            {"text": "<b>a", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            {"text": "lũ <xã>", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Unclosed start tag at byte offset 4",
        ),
        (
            {"text": "<center>a</center>", "parse_mode": "HTML"},
            'Bad Request: can\'t parse entities: Unsupported start tag "center" at byte offset 0',
        ),
        ({"text": "a", "chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"text": "a", "chat_id": 42}, "Bad Request: chat not found"),
        ({"text": "a", "reply_markup": "{"}, "Bad Request: can't parse reply keyboard markup JSON object"),
        ({"text": "a", "reply_markup": "[]"}, "Bad Request: object expected as reply markup"),
        ({"text": "a", "reply_parameters": {"message_id": 99}}, "Bad Request: message to be replied not found"),
    ],
)
async def test_a_wrong_text_is_refused_in_the_servers_words(
    phone: Phone, hoa: Json, args: Json, description: str
) -> None:
    body = await phone.call("sendMessage", **{"chat_id": hoa["id"], **args})
    assert (body["error_code"], body["description"]) == (400, description)
    assert await phone.chat(hoa) == []


async def test_the_limit_counts_the_text_after_its_entities(phone: Phone, hoa: Json) -> None:
    text = "<b>" + "ạ" * 4096 + "</b>"
    sent = await phone.ok("sendMessage", chat_id=hoa["id"], text=text, parse_mode="HTML")
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


@pytest.mark.parametrize(
    ("source", "plain", "entities"),
    [
        ("a &lt;b&gt; &amp; &nbsp;", "a <b> & &nbsp;", []),
        ("🌊<b>lũ</b>", "🌊lũ", [("bold", 2, 2)]),
        ("<i>x<b>y</b></i>", "xy", [("italic", 0, 2), ("bold", 1, 1)]),
        ('<a href="https://a.vn/?x=1&amp;y=2">đây</a>', "đây", [("text_link", 0, 3)]),
        ('<span class="tg-spoiler">kín</span>', "kín", [("spoiler", 0, 3)]),
    ],
)
def test_html_becomes_entities(source: str, plain: str, entities: list[tuple[str, int, int]]) -> None:
    text, found = parse_html(source)
    assert (text, [(e["type"], e["offset"], e["length"]) for e in found]) == (plain, entities)


async def test_addresses_and_commands_are_found(phone: Phone, hoa: Json) -> None:
    sent = await phone.ok("sendMessage", chat_id=hoa["id"], text="Bấm /start hoặc https://xa.vn/tin")
    assert [(e["type"], e["offset"]) for e in sent["entities"]] == [("bot_command", 4), ("url", 16)]


# Keyboards.


@pytest.mark.parametrize(
    ("button", "error"),
    [
        ({"text": "Được", "callback_data": "x" * 64}, None),
        ({"text": "Được", "callback_data": "x" * 65}, "Bad Request: BUTTON_DATA_INVALID"),
        ({"text": "Được", "callback_data": "đ" * 33}, "Bad Request: BUTTON_DATA_INVALID"),
        ({"text": "Được", "callback_data": ""}, "Bad Request: BUTTON_DATA_INVALID"),
        (
            {"text": "Trần"},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "Mở", "url": "http://localhost/x"},
            "Bad Request: inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL",
        ),
        ({"text": "Mở", "url": "https://xa.vn"}, None),
    ],
)
async def test_inline_buttons_are_checked(phone: Phone, hoa: Json, button: Json, error: str | None) -> None:
    markup = {"inline_keyboard": [[button]]}
    body = await phone.call("sendMessage", chat_id=hoa["id"], text="Chọn", reply_markup=json.dumps(markup))
    assert body.get("description") == error
    if error is None:
        assert body["result"]["reply_markup"] == markup


async def test_a_reply_keyboard_types_its_label(phone: Phone, hoa: Json) -> None:
    keyboard = {"keyboard": [["Báo tin", {"text": "Hỏi"}]], "resize_keyboard": True}
    sent = await phone.ok("sendMessage", chat_id=hoa["id"], text="Chọn", reply_markup=keyboard)
    assert "reply_markup" not in sent
    n = await phone.do(hoa, "tap", n=1, row=0, col=1)
    assert (await phone.chat(hoa))[n - 1]["text"] == "Hỏi"


# Taps.


async def tapped(phone: Phone, hoa: Json) -> Json:
    markup = {"inline_keyboard": [[{"text": "Đúng", "callback_data": "q7:1"}]]}
    await phone.ok("sendMessage", chat_id=hoa["id"], text="Đúng chưa?", reply_markup=markup)
    await phone.do(hoa, "tap", n=len(await phone.chat(hoa)), row=0, col=0)
    updates = await phone.ok("getUpdates")
    return updates[-1]["callback_query"]  # type: ignore[no-any-return]


async def test_a_tap_carries_its_data_and_is_answered_once(phone: Phone, hoa: Json) -> None:
    query = await tapped(phone, hoa)
    assert (query["data"], query["message"]["text"]) == ("q7:1", "Đúng chưa?")
    assert await phone.ok("answerCallbackQuery", callback_query_id=query["id"], text="Đã nhận") is True
    again = await phone.call("answerCallbackQuery", callback_query_id=query["id"])
    assert again["description"].startswith("Bad Request: query is too old")
    assert (await phone.chat(hoa))[-1]["kind"] == "system"


@pytest.mark.parametrize(("age_s", "accepted"), [(149, True), (151, False)])
async def test_a_tap_is_too_old_after_150_seconds(phone: Phone, hoa: Json, age_s: int, accepted: bool) -> None:
    query = await tapped(phone, hoa)
    await phone.control("clock", advance_ms=age_s * 1000, rate=0)
    body = await phone.call("answerCallbackQuery", callback_query_id=query["id"])
    assert body["ok"] is accepted


async def test_a_message_can_be_edited_and_only_if_it_changes(phone: Phone, hoa: Json) -> None:
    query = await tapped(phone, hoa)
    where = {"chat_id": hoa["id"], "message_id": query["message"]["message_id"]}
    edited = await phone.ok("editMessageReplyMarkup", **where)
    assert "reply_markup" not in edited
    same = await phone.call("editMessageReplyMarkup", **where)
    assert same["description"].startswith("Bad Request: message is not modified")
    await phone.ok("editMessageText", **where, text="Đã chọn <b>Đúng</b>", parse_mode="HTML")
    item = (await phone.chat(hoa))[0]
    assert (item["text"], item["html"], item["edited"]) == ("Đã chọn Đúng", "Đã chọn <b>Đúng</b>", True)
    gone = await phone.call("editMessageText", chat_id=hoa["id"], message_id=9999, text="x")
    assert gone["description"] == "Bad Request: message to edit not found"


# People who cannot be written to.


async def test_a_bot_cannot_write_first(phone: Phone) -> None:
    stranger = await phone.person()
    body = await phone.call("sendMessage", chat_id=stranger["id"], text="Chào")
    assert (body["error_code"], body["description"]) == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )
    await phone.do(stranger, "start", payload="xa-03127")
    assert (await phone.ok("getUpdates"))[0]["message"]["text"] == "/start xa-03127"
    await phone.ok("sendMessage", chat_id=stranger["id"], text="Chào")


@pytest.mark.parametrize(
    ("kind", "action", "code", "description"),
    [
        ("private", "block", 403, "Forbidden: bot was blocked by the user"),
        ("private", "deactivate", 403, "Forbidden: user is deactivated"),
        ("group", "kick", 403, "Forbidden: bot was kicked from the group chat"),
        ("group", "migrate", 400, "Bad Request: group chat was upgraded to a supergroup chat"),
    ],
)
async def test_who_cannot_be_reached_is_told_so(
    phone: Phone, kind: str, action: str, code: int, description: str
) -> None:
    chat = await phone.person(kind=kind, started=True)
    await phone.do(chat, action)
    body = await phone.call("sendMessage", chat_id=chat["chat_id"], text="Chào")
    assert (body["error_code"], body["description"]) == (code, description)


async def test_a_moved_group_is_found_under_its_new_id(phone: Phone) -> None:
    group = await phone.person(kind="group", name="Thôn 3")
    await phone.do(group, "migrate")
    body = await phone.call("sendMessage", chat_id=group["chat_id"], text="Chào")
    moved = body["parameters"]["migrate_to_chat_id"]
    sent = await phone.ok("sendMessage", chat_id=moved, text="Chào")
    assert sent["chat"] == {"id": moved, "title": "Thôn 3", "type": "supergroup"}


async def test_blocking_and_restarting_are_updates(phone: Phone, hoa: Json) -> None:
    await phone.do(hoa, "block")
    refused = await phone.control(f"users/{hoa['id']}/do", action="text", text="alo")
    assert "unblock" in refused["error"]
    await phone.do(hoa, "start")
    kinds = [set(update) - {"update_id"} for update in await phone.ok("getUpdates")]
    assert kinds == [{"my_chat_member"}, {"my_chat_member"}, {"message"}]
    await phone.ok("sendMessage", chat_id=hoa["id"], text="Chào lại")


async def test_each_bot_has_its_own_people(phone: Phone, hoa: Json) -> None:
    body = await phone.call("sendMessage", OTHER, chat_id=hoa["id"], text="Chào")
    assert body["description"] == "Bad Request: chat not found"
    theirs = await phone.person(id=int(hoa["id"]), bot="khac_bot", started=True)
    assert theirs["id"] == f"{hoa['id']}@khac_bot"
    await phone.ok("sendMessage", OTHER, chat_id=hoa["id"], text="Chào")
    assert (len(await phone.chat(theirs)), len(await phone.chat(hoa))) == (1, 0)


# Files.


async def upload(phone: Phone, method: str, field: str, data: bytes, hoa: Json, **args: str) -> Json:
    form = FormData({"chat_id": str(hoa["id"]), **args})
    form.add_field(field, data, filename="tep.bin", content_type="application/octet-stream")
    async with phone.client.post(f"/bot{TOKEN}/{method}", data=form) as answer:
        return await answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("method", "data", "arrives"),
    [
        ("sendVoice", OPUS, "voice"),
        ("sendVoice", b"ID3\x04" + b"\0" * 50, "voice"),
        ("sendVoice", b"\xff\xfb\x90\x00" + b"\0" * 50, "voice"),
        ("sendVoice", b"\0\0\0\x20ftypM4A " + b"\0" * 50, "voice"),
        ("sendVoice", b"\xff\xf1aac-adts" + b"\0" * 50, "document"),
        ("sendVoice", b"RIFF....WAVE", "document"),
        ("sendAudio", b"ID3\x04" + b"\0" * 50, "audio"),
        ("sendAudio", OPUS, "document"),
        ("sendDocument", b"%PDF-1.7", "document"),
    ],
    ids=["opus", "mp3 with tags", "bare mp3", "m4a", "aac", "wav", "audio mp3", "audio opus", "pdf"],
)
async def test_only_the_right_sound_is_a_voice(phone: Phone, hoa: Json, method: str, data: bytes, arrives: str) -> None:
    body = await upload(phone, method, method.removeprefix("send").lower(), data, hoa)
    assert arrives in body["result"]


async def test_an_uploaded_file_is_sent_again_by_its_id(phone: Phone, hoa: Json) -> None:
    body = await upload(phone, "sendVoice", "voice", OPUS, hoa, caption="Nghe tin", duration="3")
    file_id = body["result"]["voice"]["file_id"]
    again = await phone.ok("sendVoice", chat_id=hoa["id"], voice=file_id)
    assert again["voice"] == body["result"]["voice"]
    wrong = await phone.call("sendPhoto", chat_id=hoa["id"], photo=file_id)
    assert wrong["description"] == "Bad Request: can't use file of type VoiceNote as Photo"
    await phone.person(id=int(hoa["id"]), bot="khac_bot", started=True)
    stolen = await phone.call("sendVoice", OTHER, chat_id=hoa["id"], voice=file_id)
    assert stolen["description"] == "Bad Request: wrong file identifier/HTTP URL specified"
    items = await phone.chat(hoa)
    assert [(item["kind"], item["text"]) for item in items] == [("voice", "Nghe tin"), ("voice", "")]
    async with phone.client.get(items[0]["url"]) as answer:
        assert await answer.read() == OPUS


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (picture(), None),
        (b"", "Bad Request: file must be non-empty"),
        (b"not a picture", "Bad Request: IMAGE_PROCESS_FAILED"),
    ],
    ids=["picture", "empty", "other"],
)
async def test_a_photo_must_be_one(phone: Phone, hoa: Json, data: bytes, error: str | None) -> None:
    body = await upload(phone, "sendPhoto", "photo", data, hoa)
    assert body.get("description") == error
    if error is None:
        assert [size["width"] for size in body["result"]["photo"]] == [90, 200]


async def test_a_caption_has_its_own_limit(phone: Phone, hoa: Json) -> None:
    body = await upload(phone, "sendPhoto", "photo", picture(), hoa, caption="ạ" * 1025)
    assert body["description"] == "Bad Request: message caption is too long"


async def test_what_people_send_can_be_fetched_for_an_hour(phone: Phone, hoa: Json) -> None:
    data = base64.b64encode(picture()).decode()
    await phone.do(hoa, "image", data=data, mime="image/jpeg", text="Cột điện nghiêng")
    message = (await phone.ok("getUpdates"))[0]["message"]
    assert message["caption"] == "Cột điện nghiêng"
    file = await phone.ok("getFile", file_id=message["photo"][-1]["file_id"])
    address = f"/file/bot{TOKEN}/{file['file_path']}"
    async with phone.client.get(address) as answer:
        assert await answer.read() == picture()
    await phone.control("clock", advance_ms=3_600_001)
    async with phone.client.get(address) as answer:
        assert answer.status == 404
    assert (await phone.call("getFile", file_id="nonsense"))["description"] == "Bad Request: invalid file_id"


async def test_a_file_above_20_mb_cannot_be_fetched(phone: Phone, hoa: Json) -> None:
    data = base64.b64encode(b"\0" * (20 * 1024 * 1024 + 1)).decode()
    body = io.BytesIO(json.dumps({"action": "video", "data": data, "mime": "video/mp4", "seconds": 30}).encode())
    await phone.client.post(f"/_control/users/{hoa['id']}/do", data=body)
    video = (await phone.ok("getUpdates"))[0]["message"]["video"]
    assert (await phone.call("getFile", file_id=video["file_id"]))["description"] == "Bad Request: file is too big"


@pytest.mark.parametrize(
    ("action", "told", "field"),
    [
        ("voice", {"data": base64.b64encode(OPUS).decode(), "mime": "audio/ogg", "seconds": 7}, "voice"),
        ("file", {"data": base64.b64encode(b"%PDF").decode(), "name": "don.pdf"}, "document"),
        ("location", {"lat": 21.4, "lon": 103.0}, "location"),
        ("sticker", {}, "sticker"),
    ],
)
async def test_everything_people_do_reaches_the_bot(
    phone: Phone, hoa: Json, action: str, told: Json, field: str
) -> None:
    await phone.do(hoa, action, **told)
    update = (await phone.ok("getUpdates"))[0]
    assert field in update["message"]
    assert Update.de_json(update, None).message is not None


async def test_an_edited_message_keeps_its_number(phone: Phone, hoa: Json) -> None:
    n = await phone.do(hoa, "text", text="cot dien do")
    await phone.do(hoa, "edit", n=n, text="cột điện đổ")
    first, second = await phone.ok("getUpdates")
    assert second["edited_message"]["message_id"] == first["message"]["message_id"]
    assert second["edited_message"]["text"] == "cột điện đổ"


async def test_the_same_large_upload_is_spaced_and_then_refused() -> None:
    clock = Clock()
    clock.advance(0, rate=0)
    vault = Vault(clock)
    uploads = [asyncio.create_task(vault.space(10_000_000, 0)) for _ in range(7)]
    done, waiting = await asyncio.wait(uploads, timeout=0.05)
    ends = [upload.exception() for upload in done]
    assert [end.body()["parameters"] for end in ends if isinstance(end, Refusal)] == [{"retry_after": 60}]
    assert (ends.count(None), len(waiting)) == (1, 5)
    clock.advance(6000)
    await asyncio.gather(*waiting)
    await asyncio.wait_for(vault.space(99_999, 0), 1)


# Updates.


async def test_an_offset_confirms_what_came_before(phone: Phone, hoa: Json) -> None:
    for text in ("một", "hai", "ba"):
        await phone.do(hoa, "text", text=text)
    first = await phone.ok("getUpdates", limit=1)
    rest = await phone.ok("getUpdates", offset=first[0]["update_id"] + 1)
    assert [u["message"]["text"] for u in rest] == ["hai", "ba"]
    last = await phone.ok("getUpdates", offset=-1)
    assert [u["message"]["text"] for u in last] == ["ba"]


async def test_a_poll_waits_for_the_next_update(phone: Phone, hoa: Json) -> None:
    poll = asyncio.create_task(phone.ok("getUpdates", timeout=20))
    await asyncio.sleep(0.05)
    await phone.do(hoa, "text", text="đây rồi")
    assert (await poll)[0]["message"]["text"] == "đây rồi"


async def test_the_second_poller_ends_the_first(phone: Phone, hoa: Json) -> None:
    first = asyncio.create_task(phone.call("getUpdates", timeout=20))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(phone.ok("getUpdates", timeout=20))
    body = await first
    assert (body["error_code"], body["description"][:40]) == (409, "Conflict: terminated by other getUpdates")
    await phone.do(hoa, "text", text="alo")
    assert len(await second) == 1


async def test_a_restart_ends_the_poll() -> None:
    async with TestClient(TestServer(app(Config(BOTS)))) as client:
        poll = asyncio.create_task(Phone(client).call("getUpdates", timeout=50))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(client.server.close(), 5)
        assert (await poll)["description"] == "Internal Server Error: restart"


async def test_polling_is_a_conflict_while_a_webhook_is_set(phone: Phone, listener: Listener) -> None:
    assert (await phone.call("getUpdates"))["error_code"] == 409
    body = await phone.call("deleteWebhook")
    assert body["description"] == "Webhook was deleted"
    assert await phone.ok("getUpdates") == []


async def test_only_the_kinds_asked_for_are_made(phone: Phone, hoa: Json) -> None:
    await phone.ok("getUpdates", allowed_updates=["callback_query"])
    await phone.do(hoa, "text", text="alo")
    assert await phone.ok("getUpdates", offset=1) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://xa.vn/hook", "bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://xa.vn:8080/hook", "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("https://127.0.0.1/hook", "bad webhook: IP address 127.0.0.1 is reserved"),
        ("http://127.0.0.1:9000/hook", "bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://10.0.0.8/hook", "bad webhook: IP address 10.0.0.8 is reserved"),
        ("https://localhost/hook", "bad webhook: Failed to resolve host: Name or service not known"),
    ],
)
async def test_a_webhook_must_be_public_https(url: str, why: str) -> None:
    async with TestClient(TestServer(app(Config(BOTS)))) as client:
        body = await Phone(client).call("setWebhook", url=url)
        assert (body["error_code"], body["description"]) == (400, f"Bad Request: {why}")
        await Phone(client).ok("setWebhook", url="https://xa.vn:8443/hook")


async def test_a_secret_has_its_own_letters_and_setting_is_slow(phone: Phone, listener: Listener) -> None:
    wrong = await phone.call("setWebhook", url="https://xa.vn/", secret_token="bí mật")
    assert wrong["description"] == "Bad Request: secret token contains unallowed characters"
    quick = await phone.call("setWebhook", url="https://xa.vn/")
    assert quick["parameters"] == {"retry_after": 1}


@pytest.mark.parametrize(
    ("fault", "secret"),
    [(None, "s3cret"), ("no_signature", None), ("bad_signature", "not-s3cret")],
)
async def test_updates_carry_the_secret(
    phone: Phone, hoa: Json, listener: Listener, fault: str | None, secret: str | None
) -> None:
    if fault:
        await phone.control("faults", fault=fault)
    await phone.do(hoa, "text", text="alo")
    await listener.until(1)
    assert listener.heard[0][1].get("X-Telegram-Bot-Api-Secret-Token") == secret


async def test_a_server_may_omit_the_secret(phone: Phone, hoa: Json, listener: Listener) -> None:
    await phone.control("settings", send_secret_header=False)
    await phone.do(hoa, "text", text="alo")
    await listener.until(1)
    assert "X-Telegram-Bot-Api-Secret-Token" not in listener.heard[0][1]


async def test_one_chat_is_told_one_thing_at_a_time_but_a_tap_beside(
    phone: Phone, hoa: Json, listener: Listener
) -> None:
    markup = {"inline_keyboard": [[{"text": "Đúng", "callback_data": "1"}]]}
    await phone.ok("sendMessage", chat_id=hoa["id"], text="Đúng chưa?", reply_markup=markup)
    listener.gate.clear()
    await phone.do(hoa, "text", text="một")
    await phone.do(hoa, "text", text="hai")
    await phone.do(hoa, "tap", n=1)
    heard = await listener.until(2)
    await asyncio.sleep(0.05)
    assert [set(u) - {"update_id"} for u in heard] == [{"message"}, {"callback_query"}]
    assert len(listener.heard) == 2
    listener.gate.set()
    assert (await listener.until(3))[2]["message"]["text"] == "hai"


async def test_a_failed_update_comes_again_at_once_then_after_2_and_4_seconds(
    phone: Phone, hoa: Json, listener: Listener
) -> None:
    await phone.control("clock", advance_ms=0, rate=0)
    listener.answers = [web.Response(status=500) for _ in range(3)]
    await phone.do(hoa, "text", text="alo")
    await listener.until(2)
    for seconds, total in ((2, 3), (4, 4)):
        await phone.control("clock", advance_ms=seconds * 1000 - 1)
        await asyncio.sleep(0.03)
        assert len(listener.heard) == total - 1
        await phone.control("clock", advance_ms=1)
        await listener.until(total)
    assert len({update["update_id"] for update, _ in listener.heard}) == 1
    info = await phone.ok("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 500")


async def test_what_was_accepted_while_the_webhook_is_removed_does_not_come_again(
    phone: Phone, hoa: Json, listener: Listener
) -> None:
    listener.gate.clear()
    await phone.do(hoa, "text", text="một")
    await phone.do(hoa, "text", text="hai")
    await listener.until(1)
    await phone.ok("deleteWebhook")
    listener.gate.set()
    await asyncio.sleep(0.05)
    assert [u["message"]["text"] for u in await phone.ok("getUpdates")] == ["hai"]


async def test_retry_after_is_honoured(phone: Phone, hoa: Json, listener: Listener) -> None:
    await phone.control("clock", advance_ms=0, rate=0)
    listener.answers = [web.Response(status=503, headers={"Retry-After": "30"})]
    await phone.do(hoa, "text", text="alo")
    await listener.until(1)
    await phone.control("clock", advance_ms=29_000)
    await asyncio.sleep(0.03)
    assert len(listener.heard) == 1
    await phone.control("clock", advance_ms=1_000)
    await listener.until(2)


@pytest.mark.parametrize(("after_s", "left"), [(151, 1), (24 * 3600 + 1, 0)], ids=["tap expired", "all expired"])
async def test_taps_expire_after_150_seconds_and_messages_after_a_day(
    phone: Phone, hoa: Json, after_s: int, left: int
) -> None:
    markup = {"inline_keyboard": [[{"text": "Đúng", "callback_data": "1"}]]}
    await phone.ok("sendMessage", chat_id=hoa["id"], text="Đúng chưa?", reply_markup=markup)
    await phone.do(hoa, "text", text="alo")
    await phone.do(hoa, "tap", n=1)
    await phone.control("clock", advance_ms=after_s * 1000)
    assert len(await phone.ok("getUpdates")) == left


async def test_a_webhook_may_answer_with_a_method(phone: Phone, hoa: Json, listener: Listener) -> None:
    listener.answers = [web.json_response({"method": "sendMessage", "chat_id": hoa["id"], "text": "Đã nghe"})]
    await phone.do(hoa, "text", text="alo")
    await listener.until(1)
    async with phone.client.get(f"/_control/users/{hoa['id']}/chat?after=1&wait=2") as answer:
        assert [item["text"] for item in (await answer.json())["items"]] == ["Đã nghe"]


async def test_updates_can_be_held_doubled_and_reordered(phone: Phone, hoa: Json, listener: Listener) -> None:
    await phone.control("faults", fault="hold")
    await phone.do(hoa, "text", text="một")
    await phone.do(hoa, "text", text="hai")
    await asyncio.sleep(0.05)
    assert listener.heard == []
    async with phone.client.delete("/_control/faults"):
        pass
    await phone.control("faults", fault="reorder", count=1)
    await phone.control("faults", fault="duplicate", count=1)
    heard = await listener.until(3)
    assert sorted(u["message"]["text"] for u in heard) in (["hai", "hai", "một"], ["hai", "một", "một"])


async def test_what_waited_is_delivered_when_a_webhook_is_set(phone: Phone, hoa: Json) -> None:
    await phone.do(hoa, "text", text="trước")
    info = await phone.ok("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("", 1)
    made = Listener()
    site = web.Application()
    site.router.add_post("/hook", made.handle)
    async with TestServer(site) as server:
        await phone.ok("setWebhook", url=str(server.make_url("/hook")))
        assert (await made.until(1))[0]["message"]["text"] == "trước"


# Limits and faults.


async def test_rates_are_counted_by_arrival_and_refused_only_when_told(phone: Phone) -> None:
    await phone.control("clock", advance_ms=0, rate=0)
    people = [await phone.person(started=True) for _ in range(31)]
    for person in people:
        await phone.ok("sendMessage", chat_id=person["id"], text="Tin")
    rules = [violation["rule"] for violation in (await phone.counts())["violations"]]
    assert rules == ["30 messages a second"]
    await phone.control("settings", enforce_limits=True)
    body = await phone.call("sendMessage", chat_id=people[0]["id"], text="Tin")
    assert (body["error_code"], body["parameters"]) == (429, {"retry_after": 1})
    await phone.control("clock", advance_ms=1000)
    await phone.ok("sendMessage", chat_id=people[0]["id"], text="Tin nữa")


async def test_one_chat_takes_a_short_burst_and_a_group_twenty_a_minute(phone: Phone, hoa: Json) -> None:
    await phone.control("settings", enforce_limits=True)
    await phone.control("clock", advance_ms=0, rate=0)
    burst = [await phone.call("sendMessage", chat_id=hoa["id"], text=str(n)) for n in range(6)]
    assert [body["ok"] for body in burst] == [True] * 5 + [False]
    group = await phone.person(kind="group")
    for n in range(20):
        await phone.control("clock", advance_ms=1000)
        await phone.ok("sendMessage", chat_id=group["chat_id"], text=str(n))
    await phone.control("clock", advance_ms=1000)
    body = await phone.call("sendMessage", chat_id=group["chat_id"], text="hơn")
    assert body["parameters"] == {"retry_after": 40}


def test_two_bots_do_not_share_a_limit() -> None:
    overall = limits()[0]
    for n in range(30):
        assert not overall.over(0, f"{n}@khac_bot", enforce=True)
    assert overall.over(0, "31@khac_bot", enforce=True)
    assert not overall.over(0, "31", enforce=True)


@pytest.mark.parametrize(
    ("fault", "code", "accepted"),
    [("throttle", 429, 0), ("revoked", 401, 0), ("error_500", 500, 0)],
)
async def test_faults_answer_as_telegram_does(phone: Phone, hoa: Json, fault: str, code: int, accepted: int) -> None:
    await phone.control("faults", fault=fault, count=1, retry_after=7)
    body = await phone.call("sendMessage", chat_id=hoa["id"], text="Tin")
    assert body["error_code"] == code
    if code == 429:
        assert body["description"] == "Too Many Requests: retry after 7"
    assert (await phone.counts())["accepted"] == accepted
    await phone.ok("sendMessage", chat_id=hoa["id"], text="Tin")


async def test_more_than_310_open_sends_to_one_chat_are_a_flood(phone: Phone, hoa: Json) -> None:
    await phone.control("settings", flood_delay=False)
    await phone.control("faults", fault="timeout_before", count=310)
    url = phone.client.make_url(f"/bot{TOKEN}/sendMessage")
    async with ClientSession(connector=TCPConnector(limit=0)) as crowd, asyncio.TaskGroup() as group:
        held = [group.create_task(held_send(crowd, url, hoa)) for _ in range(310)]
        while (await phone.counts())["open"] < 310:  # noqa: ASYNC110 - the server knows, we can only ask
            await asyncio.sleep(0.01)
        body = await phone.call("sendMessage", chat_id=hoa["id"], text="thêm")
        await phone.client.delete("/_control/faults")
    assert body["parameters"] == {"retry_after": 60}
    assert {task.result() for task in held} == {"no answer"}


async def held_send(crowd: ClientSession, url: URL, hoa: Json) -> str:
    try:
        async with crowd.post(url, json={"chat_id": hoa["id"], "text": "Tin"}) as answer:
            return await answer.text()
    except ServerDisconnectedError:
        return "no answer"


async def test_open_chats_take_messages_and_forget_them(phone: Phone) -> None:
    await phone.control("settings", open_chats=True)
    sent = await phone.ok("sendMessage", chat_id=987654321, text="Tin")
    assert sent["chat"]["id"] == 987654321
    await phone.ok("sendMessage", chat_id=987654321, text="Tin")
    counts = await phone.counts()
    assert (counts["accepted"], counts["repeated"]) == (2, 1)


# Small methods, and a client nobody here wrote.


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("sendChatAction", {"action": "typing"}, None),
        ("sendChatAction", {"action": "sleeping"}, "Bad Request: wrong parameter action in request"),
        ("setMyCommands", {"commands": [{"command": "trogiup", "description": "Trợ giúp"}]}, None),
        (
            "setMyCommands",
            {"commands": [{"command": "trợ giúp", "description": "x"}]},
            "Bad Request: BOT_COMMAND_INVALID",
        ),
        ("getMyCommands", {}, None),
        ("getChat", {}, None),
        ("getChat", {"chat_id": 5}, "Bad Request: chat not found"),
    ],
)
async def test_small_methods(phone: Phone, hoa: Json, method: str, args: Json, error: str | None) -> None:
    body = await phone.call(method, **{"chat_id": hoa["id"], **args})
    assert body.get("description") == error


async def test_python_telegram_bot_understands_the_server(
    phone: Phone, hoa: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    base = str(phone.client.make_url("/bot"))
    async with RealClient(TOKEN, base_url=base, base_file_url=base.replace("/bot", "/file/bot")) as client:
        assert client.username == "thontin_bot"
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Đúng", callback_data="1")]])
        sent = await client.send_message(int(hoa["id"]), "Lũ <b>quét</b>", parse_mode="HTML", reply_markup=keyboard)
        assert (sent.text, sent.parse_entities()) == ("Lũ quét", {sent.entities[0]: "quét"})
        voice = await client.send_voice(int(hoa["id"]), OPUS, caption="Nghe")
        assert voice.voice is not None
        fetched = await (await client.get_file(voice.voice.file_id)).download_as_bytearray()
        assert bytes(fetched) == OPUS
        assert (await client.get_chat(int(hoa["id"]))).first_name == "Lò Thị Hoa"
        await phone.do(hoa, "tap", n=1)
        (update,) = await client.get_updates()
        assert update.callback_query is not None
        assert await update.callback_query.answer()
        await phone.do(hoa, "block")
        with pytest.raises(Forbidden):
            await client.send_message(int(hoa["id"]), "Chào")
        await phone.control("faults", fault="throttle", count=1)
        with pytest.raises(RetryAfter):
            await client.send_message(int(hoa["id"]), "Chào")
