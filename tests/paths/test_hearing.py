"""Whatever a platform delivers, and whatever the database does meanwhile: heard once, in order, never lost."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, text

import handlers.faq
from storage import inbox
from storage.inbox import Inbox
from tests.stage import CHANNELS, Deployment, Opened, Phone, until

SECRET = "X-Telegram-Bot-Api-Secret-Token"
HELP = "Kênh này làm được mấy việc"


def update(number: int, words: str = "trợ giúp", chat: int = 810_000_001) -> dict[str, Any]:
    """A message as Telegram delivers it."""
    person = {"id": chat, "first_name": "Chị Hoa", "type": "private"}
    sender = {"id": chat, "is_bot": False, "first_name": "Chị Hoa"}
    message = {"message_id": number, "date": 1_795_228_800, "chat": person, "from": sender, "text": words}
    return {"update_id": 900_000 + number, "message": message}


async def telegram(deployment: Deployment, body: dict[str, Any]) -> int:
    """Deliver an update; the status."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = {SECRET: deployment.world.secrets["telegram_secret"], "Content-Type": "application/json"}
    return (await deployment.post(deployment.hook("telegram"), raw, **headers))[0]


async def states(deployment: Deployment) -> list[str]:
    """The states of everything that was ever heard."""
    return await deployment.read(lambda tx: [row.state for row in inbox.pending(tx, ("done", "waiting", "failed"))])  # type: ignore[no-any-return]


@pytest.fixture
async def phone(deployment: Deployment) -> Phone:
    """Somebody on Telegram who has written before."""
    made = await deployment.world.control("telegram", "users", name="Chị Hoa", id="810000001")
    found = Phone(deployment.world, "telegram", made["id"])
    await found.hears("chào bà con", await found.do("text", text="alo"))
    return found


async def test_the_same_webhook_five_times_is_one_message(deployment: Deployment, phone: Phone) -> None:
    before = len(await phone.texts())
    assert {await telegram(deployment, update(7)) for _ in range(5)} == {200}
    assert set(await asyncio.gather(*(telegram(deployment, update(8)) for _ in range(5)))) == {200}
    await deployment.quiet()
    assert len([one for one in (await phone.texts())[before:] if HELP in one]) == 2


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_platform_that_delivers_twice_is_answered_once(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    await deployment.world.control(channel, "faults", fault="duplicate", count=1)
    await phone.say("trợ giúp", HELP)
    await deployment.quiet()
    assert len([one for one in await phone.texts() if HELP in one]) == 1


async def test_messages_out_of_order_are_all_answered(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_oa")
    await deployment.world.control("zalo_oa", "faults", fault="reorder", count=1)
    await phone.do("text", text="trợ giúp")
    await phone.do("text", text="phản ánh")
    await phone.hears(HELP, 0)
    await phone.hears("Bà con muốn báo việc gì", 0)
    await deployment.quiet()


async def test_an_old_goodbye_after_a_new_word_changes_nothing(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_oa")
    await deployment.world.control("zalo_oa", "faults", fault="reorder", count=1)
    await phone.do("unfollow")
    await phone.open_link()
    await phone.hears("do UBND", 0)
    await phone.say("1", "Bà con sẽ nhận tin của")
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await phone.hears("Cúp điện")


async def test_an_edited_message_is_answered_without_a_second_turn_of_the_first(
    deployment: Deployment, phone: Phone
) -> None:
    n = await phone.do("text", text="tro giup")
    await phone.hears(HELP, n)
    await phone.do("edit", n=n, text="trợ giúp!")
    await deployment.quiet()
    assert len(await states(deployment)) == 3
    assert "failed" not in await states(deployment)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_wrong_signature_is_refused_before_any_work(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    await phone.say("trợ giúp", HELP)
    before = len(await states(deployment))
    bodies = {
        "zalo_oa": json.dumps(
            {"app_id": "1", "event_name": "user_send_text", "timestamp": "1795228800000",
             "sender": {"id": phone.id}, "recipient": {"id": deployment.world.secrets["oa_id"]},
             "message": {"msg_id": "m1", "text": "x"}}
        ),
        "zalo_bot": "{}",
        "telegram": json.dumps(update(9)),
    }  # fmt: skip
    for headers in ({}, {SECRET: "x", "X-Bot-Api-Secret-Token": "x", "X-ZEvent-Signature": "mac=00"}):
        status, _ = await deployment.post(deployment.hook(channel), bodies[channel].encode(), **headers)
        assert status == 403
    assert len(await states(deployment)) == before


def proven(deployment: Deployment, channel: str, raw: bytes) -> dict[str, str]:
    """Headers that prove a body, as the platform would send them."""
    import hashlib

    held = deployment.world.secrets
    if channel == "zalo_oa":
        whole = held["app_id"].encode() + raw + b"1795228800000" + held["oa_secret_key"].encode()
        return {"X-ZEvent-Signature": "mac=" + hashlib.sha256(whole).hexdigest()}
    return {SECRET: held["telegram_secret"], "X-Bot-Api-Secret-Token": held["bot_secret"]}


def oa_body(deployment: Deployment, **more: Any) -> bytes:
    """An event of our OA."""
    held = deployment.world.secrets
    head = {"app_id": held["app_id"], "timestamp": "1795228800000", "recipient": {"id": held["oa_id"]}}
    return json.dumps({**head, "sender": {"id": "77"}, "oa_id": held["oa_id"], **more}).encode()


async def test_bad_bodies_have_the_right_status(deployment: Deployment) -> None:
    oa, bot, tg = (deployment.hook(channel) for channel in CHANNELS)
    unknown = oa_body(deployment, event_name="user_does_a_new_thing")
    stranger = unknown.replace(deployment.world.secrets["oa_id"].encode(), b"1234567890")
    cases = [
        # (label, path, body, status)
        ("not JSON", tg, b"{no", 400),
        ("not JSON", bot, b"<html>", 400),
        ("not JSON", oa, b"{no", 400),
        ("a list", tg, b"[1, 2]", 400),
        ("a list", oa, b"[]", 400),
        ("broken text", tg, b'{"update_id": "\xff\xfe"}', 400),
        ("deep nesting", tg, b"[" * 60_000, 400),
        ("unknown event", tg, b'{"update_id": 5, "new_thing": {}}', 200),
        ("unknown event", bot, b'{"event_name": "message.new.received", "message": {}}', 200),
        ("unknown event", oa, unknown, 200),
        ("another OA", oa, stranger, 200),
        ("empty probe", oa, b"", 200),
        ("empty probe", bot, b"", 200),
        ("ten megabytes", oa, b" " * 10_000_000, 413),
        ("ten megabytes", tg, b" " * 10_000_000, 413),
        ("no such account", "/webhook/telegram/nobody", b"{}", 404),
        ("no such account", "/webhook/zalo-bot/nobody", b"{}", 404),
        ("no such app", "/webhook/zalo-oa/1", b"{}", 404),
    ]
    for label, path, body, wanted in cases:
        channel = next((one for one in CHANNELS if deployment.hook(one) == path), "telegram")
        status, answer = await deployment.post(path, body, **proven(deployment, channel, body))
        assert status == wanted, (label, path, answer)
        assert "Traceback" not in answer


async def test_odd_shapes_never_make_the_server_fail(deployment: Deployment) -> None:
    odd: list[Any] = [None, 0, -1, 1e300, "", "x" * 5000, [], {}, [{}], {"id": None}, True, "\x00", "‮"]
    for value in odd:
        person = {"id": 5, "type": "private"}
        message = {"message_id": 3, "date": 1, "chat": person, "from": person, "text": value}
        bodies = {
            "telegram": [
                {"update_id": 44, "message": value},
                {"update_id": 45, "message": message},
                {"update_id": 46, "callback_query": {"id": "1", "from": value, "data": value}},
                {"update_id": value},
            ],
            "zalo_bot": [
                {"event_name": "message.text.received", "message": value},
                {"event_name": value, "message": {"from": value}},
                {"result": value},
            ],
            "zalo_oa": [
                json.loads(oa_body(deployment, event_name="user_send_text", message=value)),
                json.loads(oa_body(deployment, event_name="user_send_image", message={"attachments": value})),
                json.loads(oa_body(deployment, event_name=value, sender=value)),
            ],
        }
        for channel, shapes in bodies.items():
            for shape in shapes:
                raw = json.dumps(shape).encode()
                status, _ = await deployment.post(deployment.hook(channel), raw, **proven(deployment, channel, raw))
                assert status in (200, 400, 403), (channel, shape)
    await deployment.quiet()
    assert "failed" not in await states(deployment)


TEXTS = [
    "",
    " ",
    "😀😀😀",
    "a" * 10_000,
    "e\u0302\u0309 n a\u030a",
    "\x07\x1b[31m",
    "\u202etxt",
    "\x00 nul",
    "#xa-",
    "/",
    "0" * 400,
]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_any_text_gets_an_answer(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    for words in TEXTS:
        if words.replace("\x00", "").strip("\x07 "):
            n = await phone.do("text", text=words)
            await phone.hears("", n)
    await deployment.quiet()
    assert "failed" not in await states(deployment)


# A story that raises.


async def test_a_story_that_raises_is_kept_with_an_apology_and_can_be_replayed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await deployment.phone("zalo_oa")
    await phone.follow()

    def raises(turn: Any) -> bool:
        turn.say("general.help", commune="x")
        raise RuntimeError(turn.text)

    with monkeypatch.context() as patch:
        patch.setattr(handlers.faq, "opens", raises)
        apology = await phone.say("làm khai sinh cho con cần gì", "kênh đang trục trặc")
    assert "112" in apology["text"]
    assert "failed" in await states(deployment)
    assert await deployment.context.inbound.replay_failed() == 1
    await phone.hears("xem lại ngày")
    assert "failed" not in await states(deployment)
    assert await deployment.context.inbound.replay_failed() == 0


# A database that is slow or gone.


@contextmanager
def database_locked(deployment: Deployment) -> Iterator[None]:
    """Another program holds the database's only lock, or the table that everything is written to."""
    url = deployment.settings.database_url
    if url.startswith("sqlite"):
        stranger = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        yield
        stranger.execute("ROLLBACK")
        stranger.close()
        return
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
        yield
    engine.dispose()


async def test_a_locked_database_keeps_nobody_waiting_and_loses_nothing(opened: Opened) -> None:
    async with opened(webhook_seconds=0.3) as deployment:
        made = await deployment.world.control("telegram", "users", name="Chị Hoa", id="810000001")
        phone = Phone(deployment.world, "telegram", made["id"])
        await phone.hears("chào bà con", await phone.do("text", text="alo"))
        with database_locked(deployment):
            statuses = [
                await telegram(deployment, update(n, w)) for n, w in ((1, "phản ánh"), (2, "trợ giúp"), (2, "trợ giúp"))
            ]
            assert statuses == [200, 200, 200]
            spooled = list((deployment.settings.data_dir / "spool").glob("*.heard"))
            assert spooled
            assert not any("phản ánh".encode() in path.read_bytes() for path in spooled)
        await until(lambda: empty(deployment))
        await deployment.quiet()
        await phone.hears("Bà con muốn báo việc gì")
        await phone.hears(HELP, 0)
        await deployment.quiet()
        texts = await phone.texts()
        assert len([one for one in texts if HELP in one]) == 1
        assert "failed" not in await states(deployment)


async def empty(deployment: Deployment) -> bool:
    """Whether nothing is spooled any more."""
    return not list((deployment.settings.data_dir / "spool").glob("*.heard"))


async def test_what_was_spooled_is_said_after_a_restart(opened: Opened) -> None:
    async with opened(webhook_seconds=0.2) as deployment:
        made = await deployment.world.control("telegram", "users", name="Chị Hoa", id="810000001", started=True)
        phone = Phone(deployment.world, "telegram", made["id"])
        deployment.context.inbound._deadline = 0  # the database is never quick enough
        assert await telegram(deployment, update(1)) == 200
    async with opened():
        await phone.hears(HELP)


async def test_when_disk_and_database_fail_the_platform_is_asked_to_come_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(webhook_seconds=0.2) as deployment:
        made = await deployment.world.control("telegram", "users", name="Chị Hoa", id="810000001", started=True)
        phone = Phone(deployment.world, "telegram", made["id"])
        spool = deployment.settings.data_dir / "spool"
        spool.rename(spool.with_name("gone"))
        deployment.context.inbound._deadline = 0
        assert await telegram(deployment, update(1)) == 503
        deployment.context.inbound._deadline = 5
        spool.with_name("gone").rename(spool)
        assert await telegram(deployment, update(1)) == 200
        await phone.hears(HELP)


async def test_a_damaged_spool_file_is_set_aside_and_the_rest_goes_on(opened: Opened) -> None:
    async with opened() as deployment:
        made = await deployment.world.control("telegram", "users", name="Chị Hoa", id="810000001", started=True)
        phone = Phone(deployment.world, "telegram", made["id"])
        spool = deployment.settings.data_dir / "spool"
        (spool / "00000000000000000001-0000.heard").write_text("k1:nonsense")
        deployment.context.inbound._deadline = 0
        assert await telegram(deployment, update(1)) == 200
        await phone.hears(HELP)
        await until(lambda: empty(deployment))
        assert len(list(spool.glob("*.unreadable"))) == 1


async def test_a_poison_that_the_database_refuses_does_not_stop_the_line(
    deployment: Deployment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(turn: Any) -> bool:
        turn.tx.session.add(Inbox(id=1, account_id=1, chat="", key="", kind="", at=0, received_at=0, state="odd"))
        turn.tx.session.flush()
        return True

    with monkeypatch.context() as patch:
        patch.setattr(handlers.faq, "opens", raises)
        assert await telegram(deployment, update(1, "làm khai sinh cho con cần gì")) == 200
        await phone.hears("kênh đang trục trặc")
    await phone.say("trợ giúp", HELP)
    assert await empty(deployment)
