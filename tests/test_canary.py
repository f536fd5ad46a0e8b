"""A name, a number, a sentence and every secret go in through every door and come out nowhere in the clear."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import MetaData, create_engine, select

import handlers.faq
from bot import connecting, log
from bot.doctor import Doctor
from bot.emulators import Emulators
from handlers import answers
from storage import Transaction, reports
from tests.paths.test_hearing import database_locked, empty, proven
from tests.stage import Deployment, Opened, Phone, until

NAME = "Giàng A Hoàngyến"
PHONE = "0987650321"
SENTENCE = "con chim hoàngyến nhà tôi kêu suốt đêm"
TOKEN = "bot7100000001:AAF-hoangyen-khong-duoc-lo"
PASSWORD = "mat-khau-hoangyen"
CODE = "ma-oauth-hoangyen"
PLANTED = ("hoàngyến", "Hoàngyến", "hoangyen", PHONE, PHONE[1:], TOKEN)


def traces() -> list[bytes]:
    """Each planted word as it may stand in a file: as it is, escaped in JSON, composed of pieces."""
    shapes = [word for one in PLANTED for word in (one, json.dumps(one)[1:-1], one.encode("unicode_escape").decode())]
    return sorted({shape.encode() for shape in shapes})


def found_in(what: bytes) -> list[str]:
    """The planted words in it."""
    return [one.decode() for one in traces() if one in what]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, at the finest level."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    monkeypatch.setattr(sys, "stderr", stream)
    log.setup("DEBUG")
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


async def test_nothing_that_was_confided_is_found_anywhere(
    opened: Opened, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    async with opened(webhook_seconds=0.3) as deployment:
        phones = [await deployment.phone(channel, NAME) for channel in ("zalo_oa", "zalo_bot", "telegram")]
        for phone in phones:
            await _confide(phone)
        await _answers(deployment)
        shown += await _knock(deployment)
        await _break(deployment, phones[0], monkeypatch)
        shown += [(await deployment.get(path))[1] for path in ("/metrics", "/readyz", "/healthz", "/console")]
        shown += [
            json.dumps(one.to_json()) async for one in Doctor(deployment.settings, deployment.clock, {}).examine()
        ]
        held = _rows(deployment.settings.database_url)
        folder, secrets = deployment.settings.data_dir, _secrets(deployment.world)
    everywhere = "\n".join([lines.getvalue(), *shown]).encode()
    assert "story failed" in lines.getvalue()
    assert found_in(everywhere) == []
    assert [name for name, value in secrets.items() if value.encode() in everywhere] == []
    stored = held + b"".join(path.read_bytes() for path in _files(folder, opened.database_url))
    assert found_in(stored) == []
    assert [name for name, value in secrets.items() if value.encode() in stored] == []


async def _confide(phone: Phone) -> None:
    """Ask, describe, attach, give name and number; type what should never be typed."""
    await phone.follow()
    await phone.hears("", await phone.do("text", text=SENTENCE))
    await phone.hears("", await phone.do("text", text=f"#{TOKEN}"))
    await phone.hears("", await phone.do("text", text="0"))
    await phone.say("phản ánh", "Bà con muốn báo việc gì")
    await phone.say("2", "Ở chỗ nào")
    await phone.say(f"sau nhà {NAME}", "Bà con kể rõ giúp")
    n = await phone.send_file(
        "image", b"\xff\xd8 " + SENTENCE.encode(), "image/jpeg", name=f"{NAME}.jpg", text=SENTENCE
    )
    await phone.hears("", n)
    await phone.say(SENTENCE, "Đã ghi")
    await phone.say("xong", "Kênh đọc lại")
    await phone.say("1", "Mã: PA-")
    await phone.hears("Nghị định 49/2024")
    await phone.say("1", "Họ tên của bà con")
    await phone.say(NAME, "thôn, bản nào")
    await phone.say("bản Tâu", "Số điện thoại")
    await phone.say(PHONE, "lần sau không phải nhắn lại")


async def _answers(deployment: Deployment) -> None:
    """Both sides answer, quoting what they were told."""
    _, minh = await deployment.officials()

    def write(tx: Transaction) -> None:
        for found in reports.of_commune(tx, ""):
            answers.by_official(tx, found, minh, "answered", f"Chào {NAME}. {SENTENCE}.", deployment.context.know)

    await deployment.write(write)
    deployment.context.fleet.wake()
    for case in await deployment.world.look("source", "reports"):
        told = {"state": 4, "words": f"{NAME}: {SENTENCE}", "unit": "UBND xã", "title": "Chủ tịch"}
        await deployment.world.control("source", f"reports/{case['id']}/update", **told)


async def _knock(deployment: Deployment) -> list[str]:
    """Every door, with wrong proof and wrong shapes; what it answers."""
    said = []
    bodies = [
        SENTENCE.encode(),
        json.dumps({"message": {"text": SENTENCE, "from": {"display_name": NAME}}}).encode(),
        json.dumps({"update_id": 5, "message": SENTENCE}).encode(),
        json.dumps({"event_name": SENTENCE, "message": {"text": NAME}}).encode(),
    ]
    for channel in ("zalo_oa", "zalo_bot", "telegram"):
        for body in bodies:
            for headers in ({"X-Telegram-Bot-Api-Secret-Token": TOKEN}, proven(deployment, channel, body)):
                said.append((await deployment.post(deployment.hook(channel), body, **headers))[1])
    said.append((await deployment.get(f"/webhook/telegram/{TOKEN}"))[1])
    await connecting.begin(deployment.context.work, "zalo-oa")
    oa, app = deployment.world.secrets["oa_id"], deployment.world.secrets["app_id"]
    said.append((await deployment.get(f"/oauth/zalo/{app}?code={CODE}&state={TOKEN}&oa_id={oa}"))[1])
    form = {"username": "lan", "password": PASSWORD, "next": ""}
    url = f"{deployment.base}/console/sign-in"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        said.append(await answer.text())
    return said


async def _break(deployment: Deployment, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story that quotes what it could not understand, a database that is locked, platforms that fail."""

    def raises(turn: Any) -> bool:
        raise ValueError(f"{turn.text} {NAME} {TOKEN}")

    with monkeypatch.context() as patch:
        patch.setattr(handlers.faq, "opens", raises)
        await phone.say(f"làm khai sinh cho {NAME} cần gì", "kênh đang trục trặc")
    with database_locked(deployment):
        await phone.do("text", text=SENTENCE)
        await until(lambda: _spooled(deployment))
        kept = b"".join(path.read_bytes() for path in (deployment.settings.data_dir / "spool").iterdir())
        assert found_in(kept) == []
    await until(lambda: empty(deployment))
    for name in ("drop_after", "html_502", "garbage", "throttle"):
        await deployment.world.control("zalo_oa", "faults", fault=name, count=1)
        await phone.do("text", text=SENTENCE)
    for name in ("revoked", "error_500"):
        await deployment.world.control("telegram", "faults", fault=name, method="*", count=2)
    await deployment.announce("Cúp điện bản Tâu sáng mai")


async def _spooled(deployment: Deployment) -> bool:
    return not await empty(deployment)


def _secrets(world: Emulators) -> dict[str, str]:
    """What must never be shown, by name; ids are no secrets."""
    return {name: value for name, value in world.secrets.items() if name not in ("app_id", "oa_id")}


def _rows(url: str) -> bytes:
    """Every value of every table, as text."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        held = [repr(tuple(row)) for table in tables.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    return "\n".join(held).encode()


def _files(folder: Path, url: str) -> list[Path]:
    """Every file that the product wrote but the pictures, and the SQLite file with what belongs to it."""
    written = [path for path in folder.rglob("*") if path.is_file() and "media" not in path.parts]
    database = Path(url.removeprefix("sqlite:///"))
    return [*written, *database.parent.glob(f"{database.name}*")] if url.startswith("sqlite") else written
