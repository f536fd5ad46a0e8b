"""The emulated Zalo OA keeps the contract of the platform reference: OAuth, sends, windows, uploads, webhook."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.sandbox.outgoing import BadAddress
from bot.sandbox.zalo_events import signature
from bot.sandbox.zalo_oa import OaConfig, app
from tests.bot.sandbox.receiver import Client, Receiver, get, post, tried

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100
SECRET = {"secret_key": "app_secret_demo"}
APP_ID = "3608465248940903967"
# The PKCE vector of reference §1.2.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    assert receiver.server is not None
    await receiver.server.close()


@pytest.fixture
async def oa(receiver: Receiver) -> AsyncIterator[Client]:
    config = OaConfig(
        access_token="A1",
        refresh_token="R1",
        webhook_url=receiver.url,
        allow_loopback=True,
        webhook_timeout_s=0.8,
        oa_per_minute=20,
        templates={"t1": ["ten", "ma"]},
    )
    async with TestClient(TestServer(app(config))) as client:
        await post(client, "/_control/clock", {"now_ms": 1_800_000_000_000, "rate": 0})
        await post(client, "/_control/tokens", {"renew": True})
        now = {"last_interaction_ms": 1_800_000_000_000, "follower": True}
        await post(client, "/_control/users", {"id": "100", "name": "Bà Hoa"} | now)
        yield client


async def call(oa: Client, path: str, body: Any, token: str = "A1") -> Any:
    async with oa.post(path, json=body, headers={"access_token": token}) as answer:
        assert answer.status == 200
        return await answer.json()


async def cs(oa: Client, message: dict[str, Any], user: Any = "100", token: str = "A1") -> Any:
    body = {"recipient": {"user_id": user}, "message": message}
    return await call(oa, "/v3.0/oa/message/cs", body, token)


async def read(oa: Client, path: str, data: str | None = None) -> Any:
    params = {} if data is None else {"data": data}
    async with oa.get(path, params=params, headers={"access_token": "A1"}) as answer:
        return await answer.json()


async def upload(oa: Client, kind: str, data: bytes, name: str) -> Any:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename=name)
    async with oa.post(f"/v2.0/oa/upload/{kind}", data=form, headers={"access_token": "A1"}) as answer:
        return await answer.json()


async def do(oa: Client, action: str, **more: Any) -> Any:
    return await post(oa, "/_control/users/100/do", {"action": action} | more)


def media(kind: str, **more: Any) -> dict[str, Any]:
    element = {"media_type": kind} | more
    return {"attachment": {"type": "template", "payload": {"template_type": "media", "elements": [element]}}}


# OAuth.


async def consent(oa: Client, **more: str) -> Any:
    query = {"app_id": APP_ID, "redirect_uri": "https://thon.example.vn/oauth", "state": "s1"} | more
    async with oa.get("/v4/oa/permission", params=query, allow_redirects=False) as answer:
        if answer.status != 302:
            return await answer.json()
        return dict(URL(answer.headers["Location"]).query)


async def token_call(oa: Client, headers: dict[str, str] | None = None, **form: str) -> Any:
    form = {"app_id": APP_ID} | form
    async with oa.post("/v4/oa/access_token", data=form, headers=headers or SECRET) as answer:
        text = await answer.text()
        return (await answer.json()) if text.startswith("{") else (answer.status, text)


async def exchange(oa: Client, code: str, verifier: str = "") -> Any:
    return await token_call(oa, grant_type="authorization_code", code=code, code_verifier=verifier)


async def refresh(oa: Client, token: str) -> Any:
    return await token_call(oa, grant_type="refresh_token", refresh_token=token)


async def test_consent_redirects_with_code_oa_and_state_and_the_code_buys_tokens_once(oa: Client) -> None:
    given = await consent(oa, code_challenge=CHALLENGE)
    assert (given["oa_id"], given["state"]) == ("388613280878808645", "s1")
    tokens = await exchange(oa, given["code"], VERIFIER)
    assert tokens["expires_in"] == "90000"
    assert (await cs(oa, {"text": "x"}, token=tokens["access_token"]))["error"] == 0
    assert "access_token" not in await exchange(oa, given["code"], VERIFIER)


async def test_a_code_lives_ten_minutes(oa: Client) -> None:
    given = await consent(oa)
    await post(oa, "/_control/clock", {"advance_ms": 10 * 60 * 1000})
    assert "access_token" not in await exchange(oa, given["code"])


async def test_a_wrong_code_verifier_is_refused_only_where_a_challenge_was_given(oa: Client) -> None:
    given = await consent(oa, code_challenge=CHALLENGE)
    assert "access_token" not in await exchange(oa, given["code"], "wrong")
    given = await consent(oa)
    assert "access_token" in await exchange(oa, given["code"], "anything")


async def test_consent_may_show_a_page_first(oa: Client) -> None:
    await post(oa, "/_control/settings", {"auto_consent": False})
    query = {"app_id": APP_ID, "redirect_uri": "https://thon.example.vn/oauth"}
    async with oa.get("/v4/oa/permission", params=query) as answer:
        assert 'id="allow"' in await answer.text()
    assert "code" in await consent(oa, allow="1")


@pytest.mark.parametrize(("query", "error"), [({"app_id": "1"}, -14002), ({"redirect_uri": "not an address"}, -14003)])
async def test_consent_refuses_a_wrong_app_or_redirect(oa: Client, query: dict[str, str], error: int) -> None:
    assert (await consent(oa, **query))["error"] == error


async def test_refreshing_rotates_both_tokens_and_kills_the_old_access_token(oa: Client) -> None:
    tokens = await refresh(oa, "R1")
    assert tokens["refresh_token"] != "R1"
    assert (await cs(oa, {"text": "x"}))["error"] == -220
    assert (await cs(oa, {"text": "x"}, token=tokens["access_token"]))["error"] == 0
    assert await refresh(oa, "R1") == (200, "")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("json", -14014), ("quoted", "-14014"), ("-14020", -14020), ("empty", (200, "")), ("html", 502)],
)
async def test_a_dead_refresh_token_is_answered_in_every_way_seen(oa: Client, mode: str, expected: Any) -> None:
    await post(oa, "/_control/settings", {"unknown_refresh": mode})
    told = await refresh(oa, "never given")
    found = told["error"] if isinstance(told, dict) else told
    assert (found[0] if mode == "html" else found) == expected


async def test_a_refresh_token_dies_after_ninety_days_and_an_access_token_after_25_hours(oa: Client) -> None:
    await post(oa, "/_control/clock", {"advance_ms": 25 * HOUR_MS - 1000})
    assert (await read(oa, "/v2.0/oa/getoa"))["error"] == 0
    await post(oa, "/_control/clock", {"advance_ms": 2000})
    assert (await read(oa, "/v2.0/oa/getoa"))["error"] == -220
    await post(oa, "/_control/clock", {"advance_ms": 90 * DAY_MS})
    assert (await refresh(oa, "R1"))["error"] == -14014


async def test_rotate_then_drop_loses_the_pair_on_the_way(oa: Client) -> None:
    await post(oa, "/_control/faults", {"fault": "rotate_drop", "count": 1})
    with pytest.raises(aiohttp.ClientConnectionError):
        await refresh(oa, "R1")
    assert (await read(oa, "/v2.0/oa/getoa"))["error"] == -220
    assert await refresh(oa, "R1") == (200, "")


async def test_the_secret_belongs_in_the_header(oa: Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "R1", "secret_key": "app_secret_demo"}
    assert "access_token" not in await token_call(oa, {"x": "y"}, **form)


# Sends.


@pytest.mark.parametrize(
    ("label", "message", "error"),
    [
        ("text", {"text": "Chào bà"}, 0),
        ("empty text", {"text": ""}, -201),
        ("blank text", {"text": " \n"}, -201),
        ("no text", {}, -201),
        ("a number", {"text": 5}, -201),
        ("an unknown field", {"text": "x", "buttons": []}, -201),
        ("2000 units", {"text": "a" * 2000}, 0),
        ("2001 units", {"text": "a" * 2001}, -210),
        ("1000 emoji are 2000 UTF-16 units", {"text": "😀" * 1000}, 0),
        ("1001 emoji", {"text": "😀" * 1001}, -210),
        ("quote of nothing", {"text": "x", "quote_message_id": "none"}, -201),
        ("image without source", media("image"), -201),
        ("image with two sources", media("image", url="https://a.vn/x.jpg", attachment_id="x"), -201),
        ("image nobody uploaded", media("image", attachment_id="x"), -201),
        ("video", media("video", url="https://a.vn/x.mp4"), -233),
        ("file nobody uploaded", {"attachment": {"type": "file", "payload": {"token": "x"}}}, -201),
        ("buttons", {"text": "x", "attachment": {"type": "template", "payload": {"buttons": []}}}, -233),
        ("list", {"attachment": {"type": "template", "payload": {"template_type": "list"}}}, -233),
    ],
)
async def test_a_body_is_checked_before_it_is_sent(oa: Client, label: str, message: dict[str, Any], error: int) -> None:
    told = await cs(oa, message)
    assert told["error"] == error, label
    assert ("data" in told) == (error == 0)


async def test_a_sent_text_is_on_the_phone_and_answered_with_strings(oa: Client) -> None:
    told = await cs(oa, {"text": "Chào bà"})
    assert told["message"] == "Success"
    assert told["data"]["user_id"] == "100"
    assert told["data"]["sent_time"] == "1800000000000"
    item = (await get(oa, "/_control/users/100/chat"))["items"][0]
    assert (item["text"], item["ref"]) == ("Chào bà", told["data"]["message_id"])


@pytest.mark.parametrize(
    ("setting", "text", "error"),
    [
        ({"text_unit": "chars"}, "😀" * 2000, 0),
        ({"too_long_error": -201}, "a" * 2001, -201),
        ({"text_limit": 10}, "a" * 11, -210),
    ],
)
async def test_the_text_limit_can_be_read_otherwise(oa: Client, setting: dict[str, Any], text: str, error: int) -> None:
    await post(oa, "/_control/settings", setting)
    assert (await cs(oa, {"text": text}))["error"] == error


async def test_buttons_pass_where_the_switch_is_on_and_a_tap_is_a_text(oa: Client, receiver: Receiver) -> None:
    await post(oa, "/_control/settings", {"lists": True})
    button = {"title": "Đúng", "type": "oa.query.hide", "payload": "#bot:yes"}
    message = {"text": "Phải không?", "attachment": {"type": "template", "payload": {"buttons": [button]}}}
    assert (await cs(oa, message))["error"] == 0
    await do(oa, "tap", n=1, row=0, col=0)
    events = await receiver.wait_for(3)
    assert [(e["event_name"], e["message"].get("text")) for e in events][2] == ("user_send_text", "#bot:yes")


@pytest.mark.parametrize(
    ("label", "token", "user", "error"),
    [
        ("unknown token", "nobody's", "100", -216),
        ("no token", "", "100", -216),
        ("unknown user", "A1", "999", -201),
        ("user id as a number", "A1", 100, -201),
        ("no user id", "A1", "", -201),
    ],
)
async def test_token_and_recipient_are_checked(oa: Client, label: str, token: str, user: Any, error: int) -> None:
    assert (await cs(oa, {"text": "x"}, user, token))["error"] == error, label


@pytest.mark.parametrize(
    ("silent_ms", "error", "quota"),
    [
        (48 * HOUR_MS - 1, 0, "reply"),
        (48 * HOUR_MS + 1, 0, "sub_quota"),
        (7 * DAY_MS, 0, "sub_quota"),
        (7 * DAY_MS + 1, -230, None),
    ],
)
async def test_the_window_closes_by_the_last_interaction(
    oa: Client, silent_ms: int, error: int, quota: str | None
) -> None:
    tokens = await refresh(oa, "R1")
    await post(oa, "/_control/clock", {"advance_ms": silent_ms})
    tokens = await refresh(oa, tokens["refresh_token"])
    told = await cs(oa, {"text": "x"}, token=tokens["access_token"])
    assert told["error"] == error
    assert told.get("data", {}).get("quota", {}).get("quota_type") == quota
    assert (await get(oa, "/_control/state"))["paid"] == (quota == "sub_quota")


async def test_writing_opens_the_window_again_and_an_empty_package_closes_the_paid_one(oa: Client) -> None:
    await post(oa, "/_control/clock", {"advance_ms": 8 * DAY_MS})
    token = (await refresh(oa, "R1"))["access_token"]
    assert (await cs(oa, {"text": "x"}, token=token))["error"] == -230
    await do(oa, "text", text="a lô")
    assert (await cs(oa, {"text": "x"}, token=token))["error"] == 0
    tokens = await post(oa, "/_control/tokens")
    await post(oa, "/_control/settings", {"paid_left": 0})
    await post(oa, "/_control/clock", {"advance_ms": 49 * HOUR_MS})
    token = (await refresh(oa, tokens["refresh_token"]))["access_token"]
    assert (await cs(oa, {"text": "x"}, token=token))["error"] == -211


async def test_one_who_never_wrote_blocked_or_left_cannot_be_reached(oa: Client) -> None:
    await post(oa, "/_control/users", {"id": "200", "name": "Ông Tư"})
    assert (await cs(oa, {"text": "x"}, "200"))["error"] == -232
    await do(oa, "unfollow")
    assert (await cs(oa, {"text": "x"}))["error"] == -213
    await do(oa, "follow")
    await do(oa, "block")
    assert (await cs(oa, {"text": "x"}))["error"] == -217
    await do(oa, "unblock")
    assert (await cs(oa, {"text": "x"}))["error"] == 0


async def test_above_the_rate_the_answer_is_minus_32_until_the_window_has_passed(oa: Client) -> None:
    for n in range(20):
        assert (await cs(oa, {"text": f"{n}"}))["error"] == 0
    body = {"recipient": {"user_id": "100"}, "message": {"text": "x"}}
    async with oa.post("/v3.0/oa/message/cs", json=body, headers={"access_token": "A1"}) as answer:
        assert (await answer.json())["error"] == -32
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remain"]) == ("20", "0")
    assert len((await get(oa, "/_control/counts"))["violations"]) == 1
    await post(oa, "/_control/clock", {"advance_ms": 60_000})
    assert (await cs(oa, {"text": "x"}))["error"] == 0


async def test_an_image_by_address_is_fetched_and_shown(oa: Client, receiver: Receiver) -> None:
    receiver.files = {"a.jpg": ("image/jpeg", JPEG), "big.jpg": ("image/jpeg", JPEG + bytes(1024 * 1024))}
    receiver.files["a.webp"] = ("image/webp", b"RIFFxxxxWEBP")
    assert (await cs(oa, media("image", url=receiver.file_url("a.jpg")) | {"text": "Đường ngập"}))["error"] == 0
    for name in ("big.jpg", "a.webp", "missing.jpg"):
        assert (await cs(oa, media("image", url=receiver.file_url(name))))["error"] == -201, name
    item = (await get(oa, "/_control/users/100/chat"))["items"][0]
    assert (item["kind"], item["text"]) == ("image", "Đường ngập")
    async with oa.get(item["url"]) as answer:
        assert await answer.read() == JPEG


async def test_a_message_can_quote_one_of_this_chat(oa: Client) -> None:
    first = (await cs(oa, {"text": "một"}))["data"]["message_id"]
    assert (await cs(oa, {"text": "hai", "quote_message_id": first}))["error"] == 0


async def test_a_v2_text_is_refused_and_a_v2_reaction_is_not(oa: Client, receiver: Receiver) -> None:
    body: dict[str, Any] = {"recipient": {"user_id": "100"}, "message": {"text": "x"}}
    assert (await call(oa, "/v2.0/oa/message", body))["error"] == -240
    await do(oa, "text", text="a lô")
    ref = (await get(oa, "/_control/users/100/chat"))["items"][0]["ref"]
    body = {"recipient": {"user_id": "100"}, "sender_action": {"react_icon": "/-heart", "react_message_id": ref}}
    assert (await call(oa, "/v2.0/oa/message", body))["error"] == 0


@pytest.mark.parametrize(
    ("template", "data", "error"),
    [
        ("t1", {"ten": "Hoa", "ma": "PA-1"}, 0),
        ("t1", {"ten": "Hoa"}, -112),
        ("t1", {"ten": "Hoa", "ma": 1}, -112),
        ("unknown", {}, -109),
    ],
)
async def test_only_registered_templates_are_sent_and_without_a_window(
    oa: Client, template: str, data: dict[str, Any], error: int
) -> None:
    await post(oa, "/_control/clock", {"advance_ms": 20 * HOUR_MS})
    body = {"user_id": "100", "template_id": template, "template_data": data}
    assert (await call(oa, "/v3.0/oa/message/template", body))["error"] == error


async def test_a_required_proof_is_checked(oa: Client) -> None:
    await post(oa, "/_control/settings", {"require_proof": True})
    assert (await read(oa, "/v2.0/oa/getoa"))["error"] == -242


# Uploads.


@pytest.mark.parametrize(
    ("kind", "data", "name", "error"),
    [
        ("image", JPEG, "a.jpg", 0),
        ("image", b"RIFFxxxxWEBP", "a.webp", -201),
        pytest.param("image", JPEG + bytes(1024 * 1024), "a.jpg", -210, id="image above 1 MiB"),
        ("file", b"%PDF-1.7", "a.pdf", 0),
        ("file", b"a,b\n", "a.csv", 0),
        ("file", b"MZ", "a.exe", -201),
        ("file", b"MZ", "a.pdf", -201),
        ("gif", b"GIF89a", "a.gif", 0),
        ("gif", JPEG, "a.gif", -201),
    ],
)
async def test_uploads_take_the_types_and_sizes_of_the_platform(
    oa: Client, kind: str, data: bytes, name: str, error: int
) -> None:
    assert (await upload(oa, kind, data, name))["error"] == error


async def test_an_upload_can_be_sent_for_seven_days(oa: Client) -> None:
    image = (await upload(oa, "image", JPEG, "a.jpg"))["data"]["attachment_id"]
    file = (await upload(oa, "file", b"%PDF-1.7", "a.pdf"))["data"]["token"]
    assert (await cs(oa, media("image", attachment_id=image)))["error"] == 0
    assert (await cs(oa, {"attachment": {"type": "file", "payload": {"token": file}}}))["error"] == 0
    kinds = [item["kind"] for item in (await get(oa, "/_control/users/100/chat"))["items"]]
    assert kinds == ["image", "file"]
    await post(oa, "/_control/clock", {"advance_ms": 7 * DAY_MS})
    token = (await refresh(oa, "R1"))["access_token"]
    assert (await cs(oa, media("image", attachment_id=image), token=token))["error"] == -100


# Reads.


async def test_a_user_is_told_in_detail(oa: Client) -> None:
    data = (await read(oa, "/v3.0/oa/user/detail", '{"user_id":"100"}'))["data"]
    assert (data["display_name"], data["user_is_follower"], data["is_sensitive"]) == ("Bà Hoa", True, False)
    assert data["user_last_interaction_date"] == "15/01/2027"
    assert (await read(oa, "/v3.0/oa/user/detail", '{"user_id":"999"}'))["error"] == -201
    assert (await read(oa, "/v3.0/oa/user/detail", "100"))["error"] == -201


async def test_the_history_gives_ten_messages_newest_first(oa: Client) -> None:
    for n in range(12):
        await do(oa, "text", text=f"{n}")
    await cs(oa, {"text": "cuối"})
    rows = (await read(oa, "/v2.0/oa/conversation", '{"user_id":"100","offset":0,"count":10}'))["data"]
    assert [row["message"] for row in rows[:2]] == ["cuối", "11"]
    assert [row["src"] for row in rows[:2]] == [0, 1]
    assert len(rows) == 10
    assert (await read(oa, "/v2.0/oa/conversation", '{"user_id":"100","count":11}'))["error"] == -201
    recent = (await read(oa, "/v2.0/oa/listrecentchat", '{"offset":0,"count":10}'))["data"]
    assert [row["message"] for row in recent] == ["cuối"]


async def test_the_oa_and_its_quota_are_told(oa: Client) -> None:
    assert (await read(oa, "/v2.0/oa/getoa"))["data"]["oaid"] == "388613280878808645"
    told = (await call(oa, "/v3.0/oa/quota/message", {"user_id": "100"}))["data"]
    assert told["last_interaction"] == "1800000000000"
    left = (await call(oa, "/v3.0/oa/quota/message", {"quota_owner": "OA", "product_type": "cs"}))["data"]
    assert left[0]["remain"] == 500


# The webhook.


def test_the_signature_is_the_vector_of_the_reference() -> None:
    body = (
        '{"app_id":"3608465248940903967","user_id_by_app":"552177279717587730","event_name":"user_send_text",'
        '"timestamp":"1700000000123","sender":{"id":"246845883529197922"},'
        '"recipient":{"id":"388613280878808645"},"message":{"msg_id":"96d3cdf3af150460909","text":"Chào shop ạ"}}'
    ).encode()
    assert len(body) == 272
    assert hashlib.sha256(body).hexdigest().startswith("7dff25c2")
    mac = signature(APP_ID, body, "1700000000123", "oa_secret_demo")
    assert mac == "cdfa308829d33b06dc47d9f638e240c159fdbb85ec6c59fa41b0854662809c51"


def mac_of(body: bytes, secret: str) -> str:
    return "mac=" + signature(APP_ID, body, "1800000000000", secret)


async def test_a_text_arrives_signed_over_its_compact_utf8_bytes(oa: Client, receiver: Receiver) -> None:
    await do(oa, "text", text="Đường ngập ạ")
    event = (await receiver.wait_for(1))[0]
    body, headers = receiver.bodies[0], receiver.headers[0]
    assert "Đường ngập ạ".encode() in body
    assert b'": ' not in body
    assert headers["X-ZEvent-Signature"] == mac_of(body, "oa_secret_demo")
    assert "num_retry" not in headers
    assert (event["sender"]["id"], event["recipient"]["id"]) == ("100", "388613280878808645")
    assert event["timestamp"] == "1800000000000"


@pytest.mark.parametrize(
    ("fault", "signed_with"), [("app_secret", "app_secret_demo"), ("bad_signature", None), ("no_signature", None)]
)
async def test_the_signature_can_be_spoiled(
    oa: Client, receiver: Receiver, fault: str, signed_with: str | None
) -> None:
    await post(oa, "/_control/faults", {"fault": fault, "count": 1})
    await do(oa, "text", text="x")
    await receiver.wait_for(1)
    given = receiver.headers[0].get("X-ZEvent-Signature")
    assert (given is None) == (fault == "no_signature")
    assert given != mac_of(receiver.bodies[0], "oa_secret_demo")
    if signed_with:
        assert given == mac_of(receiver.bodies[0], signed_with)


@pytest.mark.parametrize("first", [500, None])
async def test_a_failed_or_slow_answer_brings_the_same_body_again(
    oa: Client, receiver: Receiver, first: int | None
) -> None:
    receiver.statuses = [first, 500]
    await do(oa, "text", text="x")
    await receiver.wait_for(1)
    await tried(oa, 1)
    await post(oa, "/_control/clock", {"advance_ms": 29_999})
    await asyncio.sleep(0.01)
    assert len(receiver.bodies) == 1
    await post(oa, "/_control/clock", {"advance_ms": 1})
    await receiver.wait_for(2)
    await tried(oa, 2)
    await post(oa, "/_control/clock", {"advance_ms": 300_000})
    await receiver.wait_for(3)
    assert len(set(receiver.bodies)) == 1
    assert [headers.get("num_retry") for headers in receiver.headers] == [None, "1", "2"]


async def test_after_the_last_redelivery_the_webhook_is_disabled_until_saved_again(
    oa: Client, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 6
    await do(oa, "text", text="x")
    for n, wait_ms in enumerate((30_000, 300_000, 900_000, 1_800_000, 3_600_000), start=1):
        await tried(oa, n)
        await post(oa, "/_control/clock", {"advance_ms": wait_ms})
    await tried(oa, 6)
    webhook = (await get(oa, "/_control/state"))["webhook"]
    assert (webhook["enabled"], webhook["failed"], webhook["pending"]) == (False, 6, 0)
    await do(oa, "text", text="y")
    await post(oa, "/_control/webhook", {"url": receiver.url})
    await do(oa, "text", text="z")
    assert [event["message"]["text"] for event in await receiver.wait_for(7)][6] == "z"


async def test_events_can_be_doubled_and_swapped(oa: Client, receiver: Receiver) -> None:
    await post(oa, "/_control/faults", {"fault": "duplicate", "count": 1})
    await do(oa, "text", text="a")
    await receiver.wait_for(2)
    await post(oa, "/_control/faults", {"fault": "reorder", "count": 1})
    await do(oa, "text", text="b")
    await do(oa, "text", text="c")
    events = await receiver.wait_for(4)
    assert [event["message"]["text"] for event in events] == ["a", "a", "c", "b"]


async def test_held_events_come_when_the_fault_is_cleared(oa: Client, receiver: Receiver) -> None:
    await post(oa, "/_control/faults", {"fault": "hold"})
    await do(oa, "text", text="a")
    await asyncio.sleep(0.05)
    assert receiver.bodies == []
    async with oa.delete("/_control/faults"):
        pass
    await receiver.wait_for(1)


async def test_a_send_is_echoed_received_and_seen_when_somebody_looks(oa: Client, receiver: Receiver) -> None:
    ref = (await cs(oa, {"text": "Chào bà"}))["data"]["message_id"]
    echo, received = await receiver.wait_for(2)
    assert (echo["event_name"], echo["message"]) == ("oa_send_text", {"msg_id": ref, "text": "Chào bà"})
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == ("388613280878808645", "100")
    assert (received["event_name"], received["message"]["msg_id"]) == ("user_received_message", ref)
    await get(oa, "/_control/users/100/chat")
    seen = (await receiver.wait_for(3))[2]
    assert (seen["event_name"], seen["message"]["msg_ids"]) == ("user_seen_message", [ref])


async def test_echo_and_receipts_can_be_switched_off(oa: Client, receiver: Receiver) -> None:
    await post(oa, "/_control/settings", {"echo": False, "receipts": False})
    await cs(oa, {"text": "x"})
    await do(oa, "text", text="y")
    assert (await receiver.wait_for(1))[0]["event_name"] == "user_send_text"


async def test_a_human_agent_sends_under_a_foreign_message_id(oa: Client, receiver: Receiver) -> None:
    await do(oa, "agent", text="Tôi là cán bộ", admin_id="77")
    event = (await receiver.wait_for(1))[0]
    assert event["event_name"] == "oa_send_text"
    assert event["sender"] == {"id": "388613280878808645", "admin_id": "77"}


@pytest.mark.parametrize(
    ("action", "name"), [("follow", "follow"), ("unfollow", "unfollow"), ("withdraw", "user_withdraw")]
)
async def test_management_events_are_flat(oa: Client, receiver: Receiver, action: str, name: str) -> None:
    await do(oa, action)
    event = (await receiver.wait_for(1))[0]
    assert (event["event_name"], event["oa_id"]) == (name, "388613280878808645")
    assert event["follower"] == {"id": "100"}


@pytest.mark.parametrize(
    ("action", "name", "kind"),
    [
        ("image", "user_send_image", "image"),
        ("voice", "user_send_audio", "audio"),
        ("video", "user_send_video", "video"),
        ("file", "user_send_file", "file"),
        ("gif", "user_send_gif", "gif"),
    ],
)
async def test_media_arrive_as_addresses_that_can_be_fetched(
    oa: Client, receiver: Receiver, action: str, name: str, kind: str
) -> None:
    await do(oa, action, data=base64.b64encode(JPEG).decode(), mime="image/jpeg", name="a.jpg", text="đây")
    event = (await receiver.wait_for(1))[0]
    attachment = event["message"]["attachments"][0]
    assert (event["event_name"], attachment["type"], event["message"]["text"]) == (name, kind, "đây")
    async with oa.session.get(attachment["payload"]["url"]) as answer:
        assert await answer.read() == JPEG
    if kind == "file":
        assert (attachment["payload"]["size"], attachment["payload"]["type"]) == ("104", "jpg")


@pytest.mark.parametrize(
    ("action", "more", "name", "where", "expected"),
    [
        ("react", {"n": 1}, "user_reacted_message", "message", {"react_icon": "/-heart"}),
        ("sticker", {}, "user_send_sticker", "message", {}),
        ("share_info", {"name": "Hoa"}, "user_submit_info", "info", {"name": "Hoa", "phone": "84912345678"}),
        ("chat_now", {}, "user_click_chatnow", None, {"user_id": "100"}),
    ],
)
async def test_other_things_people_do_arrive_as_their_own_events(
    oa: Client,
    receiver: Receiver,
    action: str,
    more: dict[str, Any],
    name: str,
    where: str | None,
    expected: dict[str, str],
) -> None:
    await do(oa, "text", text="a lô")
    await do(oa, action, **more)
    event = (await receiver.wait_for(2))[1]
    assert event["event_name"] == name
    assert expected.items() <= (event[where] if where else event).items()


async def test_a_body_that_is_not_json_is_refused_in_the_envelope(oa: Client) -> None:
    for path in ("/v3.0/oa/message/cs", "/v3.0/oa/message/template", "/v2.0/oa/message"):
        async with oa.post(path, data=b"{", headers={"access_token": "A1"}) as answer:
            assert (answer.status, (await answer.json())["error"]) == (200, -201), path


async def test_a_revoked_grant_refuses_calls_and_refreshing_alike(oa: Client) -> None:
    await post(oa, "/_control/faults", {"fault": "revoked"})
    assert (await cs(oa, {"text": "x"}))["error"] == -216
    assert (await read(oa, "/v2.0/oa/getoa"))["error"] == -216
    assert (await refresh(oa, "R1"))["error"] == -14014


async def test_unknown_people_come_to_life_where_a_benchmark_asks_for_it(oa: Client) -> None:
    await post(oa, "/_control/settings", {"any_user": True})
    assert (await cs(oa, {"text": "x"}, "555"))["error"] == 0


async def test_a_location_has_string_coordinates_and_perhaps_no_text(oa: Client, receiver: Receiver) -> None:
    await do(oa, "location", lat=21.38, lon=103.02)
    message = (await receiver.wait_for(1))[0]["message"]
    assert "text" not in message
    assert message["attachments"][0]["payload"]["coordinates"] == {"latitude": "21.38", "longitude": "103.02"}


async def test_any_body_can_be_posted_signed(oa: Client, receiver: Receiver) -> None:
    await post(oa, "/_control/events", {"event": {"event_name": "brand_new", "timestamp": "1800000000000"}})
    await post(oa, "/_control/events", {"console_test": "user_send_text"})
    await post(oa, "/_control/events", {"raw": "not json"})
    await receiver.wait_for(3)
    assert receiver.bodies[2] == b"not json"
    assert b"This is testing message" in receiver.bodies[1]
    assert receiver.headers[0]["X-ZEvent-Signature"] == mac_of(receiver.bodies[0], "oa_secret_demo")


def test_a_loopback_webhook_needs_the_switch() -> None:
    with pytest.raises(BadAddress):
        app(OaConfig(webhook_url="http://127.0.0.1:8000/zalo"))
