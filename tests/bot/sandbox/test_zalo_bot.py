"""The emulated Zalo Bot keeps the contract of the platform reference: methods, the destructive poll, the webhook."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.zalo_bot import BotConfig, app, is_adts
from tests.bot.sandbox.receiver import Client, Receiver, get, post, tried

TOKEN = "1459232241454765289:secret"
CHAT = "a1b2c3d4e5f60718293a"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100
# Two ADTS frames of nine bytes: AAC LC, 16 kHz, mono.
FRAME = bytes((0xFF, 0xF1, 0x60, 0x40, 0x01, 0x3F, 0xFC, 0, 0))
AAC = FRAME * 2


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    assert receiver.server is not None
    await receiver.server.close()


@pytest.fixture
async def bot() -> AsyncIterator[Client]:
    config = BotConfig(token=TOKEN, allow_loopback=True, webhook_timeout_s=0.2, webhook_retries_ms=(5000,))
    async with TestClient(TestServer(app(config))) as client:
        await post(client, "/_control/clock", {"now_ms": 1_800_000_000_000, "rate": 0})
        await post(client, "/_control/users", {"id": CHAT, "name": "Ông Tư", "seen": True})
        yield client


async def call(bot: Client, method: str, token: str = TOKEN, **told: Any) -> Any:
    async with bot.post(f"/bot{token}/{method}", json=told) as answer:
        assert answer.status == 200
        return await answer.json()


async def do(bot: Client, action: str, **more: Any) -> Any:
    return await post(bot, f"/_control/users/{CHAT}/do", {"action": action} | more)


async def items(bot: Client) -> list[dict[str, Any]]:
    return list((await get(bot, f"/_control/users/{CHAT}/chat"))["items"])


async def hook(bot: Client, receiver: Receiver) -> Any:
    """Set the webhook and forget its verification."""
    told = await call(bot, "setWebhook", url=receiver.url, secret_token="hook-secret")
    receiver.bodies.clear()
    receiver.headers.clear()
    return told["result"]


async def test_the_bot_tells_who_it_is(bot: Client) -> None:
    result = (await call(bot, "getMe"))["result"]
    assert result == {
        "id": "1459232241454765289",
        "account_name": "bot.VDKyGxQvc",
        "account_type": "BASIC",
        "can_join_groups": False,
    }


@pytest.mark.parametrize(
    ("label", "method", "told", "code"),
    [
        ("unknown method", "sendDocument", {}, 400),
        ("names are case-sensitive", "sendmessage", {"chat_id": CHAT, "text": "x"}, 400),
        ("no chat", "sendMessage", {"text": "x"}, 400),
        ("chat id as a number", "sendMessage", {"chat_id": 5, "text": "x"}, 400),
        ("a chat that never wrote", "sendMessage", {"chat_id": "b" * 20, "text": "x"}, 400),
        ("empty text", "sendMessage", {"chat_id": CHAT, "text": ""}, 400),
        ("2001 characters", "sendMessage", {"chat_id": CHAT, "text": "a" * 2001}, 400),
        ("1001 emoji", "sendMessage", {"chat_id": CHAT, "text": "😀" * 1001}, 400),
        ("unknown parse mode", "sendMessage", {"chat_id": CHAT, "text": "x", "parse_mode": "MarkdownV2"}, 400),
        ("no photo", "sendPhoto", {"chat_id": CHAT}, 400),
        ("photo that is no address", "sendPhoto", {"chat_id": CHAT, "photo": "file.jpg"}, 400),
        ("no sticker", "sendSticker", {"chat_id": CHAT}, 400),
        ("voice that is no .aac", "sendVoice", {"chat_id": CHAT, "voice_url": "https://a.vn/x.mp3"}, 400),
        ("unknown chat action", "sendChatAction", {"chat_id": CHAT, "action": "dancing"}, 400),
    ],
)
async def test_a_bad_call_is_ok_false_with_http_200(
    bot: Client, label: str, method: str, told: dict[str, Any], code: int
) -> None:
    answer = await call(bot, method, **told)
    assert (answer["ok"], answer["error_code"]) == (False, code), label
    assert "result" not in answer


async def test_a_wrong_token_is_401(bot: Client) -> None:
    assert (await call(bot, "getMe", token="1:no"))["error_code"] == 401


async def test_the_error_field_and_the_http_status_can_vary(bot: Client) -> None:
    await post(bot, "/_control/settings", {"error_field": "errorCode", "http_errors": True})
    async with bot.post("/bot1:no/getMe") as answer:
        assert answer.status == 401
        assert (await answer.json())["errorCode"] == 401


@pytest.mark.parametrize("form", ["json", "form", "query"])
async def test_parameters_come_as_json_form_or_query(bot: Client, form: str) -> None:
    told = {"chat_id": CHAT, "text": "Chào ông"}
    given: dict[str, Any] = {{"json": "json", "form": "data", "query": "params"}[form]: told}
    async with bot.post(f"/bot{TOKEN}/sendMessage", **given) as answer:
        result = (await answer.json())["result"]
    assert result["date"] == 1_800_000_000_000
    item = (await items(bot))[0]
    assert (item["text"], item["ref"]) == ("Chào ông", result["message_id"])


async def test_a_chat_action_has_no_result(bot: Client) -> None:
    assert await call(bot, "sendChatAction", chat_id=CHAT, action="typing") == {"ok": True}


async def test_one_who_blocked_the_bot_cannot_be_reached(bot: Client) -> None:
    await do(bot, "block")
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="x"))["ok"] is False
    await do(bot, "unblock")
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="x"))["ok"] is True


async def test_after_the_months_messages_every_send_is_429(bot: Client) -> None:
    await post(bot, "/_control/settings", {"monthly_left": 1})
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="x"))["ok"] is True
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="y"))["error_code"] == 429
    assert (await call(bot, "sendChatAction", chat_id=CHAT, action="typing"))["ok"] is True


async def test_sends_faster_than_assumed_are_counted_but_not_refused(bot: Client) -> None:
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="x"))["ok"] is True
    assert (await call(bot, "sendMessage", chat_id=CHAT, text="y"))["ok"] is True
    rules = [found["rule"] for found in (await get(bot, "/_control/counts"))["violations"]]
    assert rules == ["messages a second in a chat"]


# Media.


async def test_a_photo_is_fetched_again_and_turns_black_if_its_address_died(bot: Client, receiver: Receiver) -> None:
    receiver.files = {"a.jpg": ("image/jpeg", JPEG)}
    address = receiver.file_url("a.jpg")
    assert (await call(bot, "sendPhoto", chat_id=CHAT, photo=address, caption="Đường ngập"))["ok"] is True
    item = (await items(bot))[0]
    assert (item["kind"], item["text"]) == ("image", "Đường ngập")
    async with bot.get(item["url"]) as answer:
        assert await answer.read() == JPEG
    await post(bot, "/_control/clock", {"advance_ms": 30_000})
    await fetches(receiver, 2)
    receiver.files = {}
    await post(bot, "/_control/clock", {"advance_ms": 30_000})
    await fetches(receiver, 3)
    async with asyncio.timeout(5):
        while "url" in (await items(bot))[0]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def fetches(receiver: Receiver, n: int) -> None:
    async with asyncio.timeout(5):
        while len(receiver.fetched) < n:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("name", "good"), [("voice.aac", True), ("mp3-named.aac", False), ("missing.aac", False)])
async def test_a_voice_must_really_be_adts_aac(bot: Client, receiver: Receiver, name: str, good: bool) -> None:
    receiver.files = {"voice.aac": ("audio/aac", AAC), "mp3-named.aac": ("audio/aac", b"ID3\x03xxxxxxxx")}
    told = await call(bot, "sendVoice", chat_id=CHAT, voice_url=receiver.file_url(name))
    assert told["ok"] is good
    if good:
        item = (await items(bot))[0]
        async with bot.get(item["url"]) as answer:
            assert (item["kind"], answer.content_type, await answer.read()) == ("voice", "audio/aac", AAC)


async def test_a_voice_to_a_group_is_ok_and_never_arrives(bot: Client, receiver: Receiver) -> None:
    receiver.files = {"voice.aac": ("audio/aac", AAC)}
    await post(bot, "/_control/users", {"id": "g1", "name": "Tổ 3", "seen": True, "group": True})
    told = await call(bot, "sendVoice", chat_id="g1", voice_url=receiver.file_url("voice.aac"))
    assert told["ok"] is True
    assert (await get(bot, "/_control/users/g1/chat"))["items"] == []


@pytest.mark.parametrize(
    ("data", "good"),
    [(AAC, True), (FRAME, True), (b"", False), (b"\xff\xfb\x90\x00xxxxxx", False), (FRAME + b"xx", False)],
)
def test_adts_is_told_by_its_frames(data: bytes, good: bool) -> None:
    assert is_adts(data) is good


# Updates.


async def test_a_poll_gives_one_update_and_destroys_it(bot: Client) -> None:
    await do(bot, "text", text="một")
    await do(bot, "text", text="hai")
    texts = [(await call(bot, "getUpdates", timeout=0))["result"]["message"]["text"] for _ in range(2)]
    assert texts == ["một", "hai"]
    empty = await call(bot, "getUpdates", timeout="0")
    assert empty == {"ok": False, "description": "Request timeout", "error_code": 408}


async def test_a_waiting_poll_is_answered_when_something_is_written(bot: Client) -> None:
    polling = asyncio.create_task(call(bot, "getUpdates", timeout=5))
    await asyncio.sleep(0.02)
    await do(bot, "text", text="a lô")
    told = (await polling)["result"]
    assert told["event_name"] == "message.text.received"
    message = told["message"]
    assert message["chat"] == {"chat_type": "PRIVATE", "id": CHAT}
    assert message["from"] == {"id": CHAT, "is_bot": False, "display_name": "Ông Tư"}
    assert message["date"] == 1_800_000_000_000


async def test_two_pollers_at_once_are_a_violation(bot: Client) -> None:
    first = asyncio.create_task(call(bot, "getUpdates", timeout=0.1))
    await asyncio.sleep(0.02)
    await call(bot, "getUpdates", timeout=0)
    await first
    rules = [found["rule"] for found in (await get(bot, "/_control/counts"))["violations"]]
    assert rules == ["one poller per token"]


async def test_while_a_webhook_is_set_polling_yields_nothing(bot: Client, receiver: Receiver) -> None:
    await hook(bot, receiver)
    await do(bot, "text", text="a lô")
    assert (await call(bot, "getUpdates", timeout=0))["error_code"] == 408
    assert (await receiver.wait_for(1))[0]["message"]["text"] == "a lô"
    assert (await call(bot, "deleteWebhook"))["result"]["url"] == ""
    await do(bot, "text", text="hai")
    assert (await call(bot, "getUpdates", timeout=0))["result"]["message"]["text"] == "hai"


async def test_the_webhook_carries_the_secret_and_java_as_its_agent(bot: Client, receiver: Receiver) -> None:
    await hook(bot, receiver)
    await do(bot, "text", text="x")
    await receiver.wait_for(1)
    assert receiver.headers[0]["X-Bot-Api-Secret-Token"] == "hook-secret"
    assert receiver.headers[0]["User-Agent"].startswith("Java/")


@pytest.mark.parametrize(("body", "wrapped"), [("flat", False), ("wrapped", True)])
async def test_webhook_bodies_are_flat_or_wrapped(bot: Client, receiver: Receiver, body: str, wrapped: bool) -> None:
    await hook(bot, receiver)
    await post(bot, "/_control/settings", {"body": body})
    await do(bot, "text", text="x")
    event = (await receiver.wait_for(1))[0]
    assert ("result" in event) is wrapped
    assert (event["result"] if wrapped else event)["event_name"] == "message.text.received"


@pytest.mark.parametrize("field", ["photo_url", "photo"])
async def test_a_photo_comes_under_either_name(bot: Client, field: str) -> None:
    await post(bot, "/_control/settings", {"photo_field": field})
    await do(bot, "image", data=base64.b64encode(JPEG).decode(), mime="image/jpeg", text="đây")
    told = (await call(bot, "getUpdates", timeout=0))["result"]
    assert told["event_name"] == "message.image.received"
    assert (told["message"]["caption"], told["message"]["message_type"]) == ("đây", "CHAT_PHOTO")
    async with bot.session.get(told["message"][field]) as answer:
        assert await answer.read() == JPEG


@pytest.mark.parametrize(
    ("action", "event", "field"),
    [
        ("voice", "message.voice.received", "voice_url"),
        ("sticker", "message.sticker.received", "sticker"),
        ("video", "message.unsupported.received", None),
        ("location", "message.unsupported.received", None),
    ],
)
async def test_other_kinds_arrive_with_what_the_platform_tells(
    bot: Client, action: str, event: str, field: str | None
) -> None:
    await do(bot, action, data=base64.b64encode(AAC).decode(), mime="audio/aac", lat=1, lon=2)
    told = (await call(bot, "getUpdates", timeout=0))["result"]
    assert told["event_name"] == event
    assert set(told["message"]) - {"date", "chat", "message_id", "from", "url", "message_type"} == (
        {field} if field else set()
    )


async def test_a_group_reaches_the_bot_only_by_mention(bot: Client) -> None:
    await post(bot, "/_control/users", {"id": "g1", "name": "Tổ 3", "group": True})
    for text in ("chào cả nhà", "@bot.VDKyGxQvc báo gì không"):
        await post(bot, "/_control/users/g1/do", {"action": "text", "text": text})
    message = (await call(bot, "getUpdates", timeout=0))["result"]["message"]
    assert (message["text"], message["chat"]["chat_type"]) == ("@bot.VDKyGxQvc báo gì không", "GROUP")
    assert message["from"]["id"] != "g1"
    assert (await call(bot, "getUpdates", timeout=0))["error_code"] == 408


# The webhook's setting.


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("no url", {"secret_token": "hook-secret"}),
        ("no secret", {"url": "https://thon.example.vn/hook"}),
        ("short secret", {"url": "https://thon.example.vn/hook", "secret_token": "short"}),
        ("long secret", {"url": "https://thon.example.vn/hook", "secret_token": "s" * 257}),
        ("private address", {"url": "https://10.0.0.1/hook", "secret_token": "hook-secret"}),
        ("plain http", {"url": "http://thon.example.vn/hook", "secret_token": "hook-secret"}),
    ],
)
async def test_a_bad_webhook_is_refused(bot: Client, label: str, told: dict[str, str]) -> None:
    assert (await call(bot, "setWebhook", **told))["error_code"] == 400, label
    assert (await call(bot, "getWebhookInfo"))["result"]["url"] == ""


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "webhook.ok"),
        (403, "webhook.http.403"),
        (404, "webhook.http.404"),
        (503, "webhook.http.5xx"),
        (302, "webhook.http.other"),
    ],
)
async def test_the_url_is_stored_whatever_its_empty_unsigned_probe_came_to(
    bot: Client, receiver: Receiver, status: int, outcome: str
) -> None:
    receiver.statuses = [status]
    result = (await call(bot, "setWebhook", url=receiver.url, secret_token="hook-secret"))["result"]
    assert (result["url"], result["verification"]["outcome"]) == (receiver.url, outcome)
    assert receiver.bodies == [b""]
    assert not {"Content-Type", "X-Bot-Api-Secret-Token"} & set(receiver.headers[0])
    assert (await call(bot, "getWebhookInfo"))["result"]["url"] == receiver.url


async def test_a_dead_address_is_told_as_such(bot: Client) -> None:
    told = await call(bot, "setWebhook", url="http://127.0.0.1:1/hook", secret_token="hook-secret")
    assert told["result"]["verification"]["outcome"] == "webhook.err.conn"


async def test_setting_and_testing_the_webhook_have_a_daily_cap(bot: Client, receiver: Receiver) -> None:
    await post(bot, "/_control/settings", {"set_webhook_left": 1, "test_webhook_left": 1})
    await hook(bot, receiver)
    again = await call(bot, "setWebhook", url=receiver.url, secret_token="hook-secret")
    assert again["errorCode"] == 426
    assert (await call(bot, "testWebhook"))["result"]["outcome"] == "webhook.ok"
    assert (await call(bot, "testWebhook"))["errorCode"] == 426


async def test_a_failed_delivery_is_tried_again_only_as_configured(bot: Client, receiver: Receiver) -> None:
    await hook(bot, receiver)
    receiver.statuses = [500, 500]
    await do(bot, "text", text="x")
    await tried(bot, 1)
    await post(bot, "/_control/clock", {"advance_ms": 5000})
    await tried(bot, 2)
    webhook = (await get(bot, "/_control/state"))["webhook"]
    assert (webhook["enabled"], webhook["pending"]) == (True, 0)


@pytest.mark.parametrize("fault", ["bad_signature", "no_signature"])
async def test_the_secret_can_be_wrong_or_missing(bot: Client, receiver: Receiver, fault: str) -> None:
    await hook(bot, receiver)
    await post(bot, "/_control/faults", {"fault": fault, "count": 1})
    await do(bot, "text", text="x")
    await receiver.wait_for(1)
    given = receiver.headers[0].get("X-Bot-Api-Secret-Token")
    assert given != "hook-secret"
    assert (given is None) == (fault == "no_signature")
