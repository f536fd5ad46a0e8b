"""A question from the phone to the answer, through the one door: what officials do is known with the next message."""

import secrets
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from sqlmodel import col, select

from bot.inbound import Inbound
from bot.spool import Spool
from bot.work import Work
from content.dates import local
from content.faq import FaqIndex, Library, Match
from content.message import Heard
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge, Manners
from handlers import announcements as written
from storage import Database, Transaction, announcements, citizens, faq, outbox
from storage.accounts import Account
from storage.officials import Official
from storage.outbox import Delivery, Letter
from tests.stage import Clock

HERE, THERE = "03328", "25357"
DAY_MS = 24 * 3_600_000
ASKED = "hôm nay cúp điện tới mấy giờ"


class Watched(Library):
    """A library that is never searched by the thread that writes: a turn must not keep others waiting."""

    def search(self, text: str, commune: str = "", limit: int = 5) -> list[Match]:
        assert "writer" not in threading.current_thread().name
        return super().search(text, commune, limit)


class Line:
    """People who write to one account, and officials."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self.work, self.clock = Work(database), clock
        self.spool = Spool(folder / "spool", database.vault)

    async def open(self) -> None:
        """Everything as at a start."""
        self.know = Knowledge(Watched(), FaqIndex(), Gazetteer.load(), Texts.load(), Manners())
        self.account = await self.work.write(
            lambda tx: tx.add(Account(name="oa", channel="zalo_oa", created_at=1)).id or 0
        )
        self.inbound = Inbound(self.work, self.know, self.spool, 5.0, lambda _: None)

    async def follower(self, commune: str) -> str:
        """Somebody who lives in a commune; their chat."""
        chat = secrets.token_hex(6)

        def make(tx: Transaction) -> None:
            citizen, _ = citizens.meet(tx, self.account, chat)
            citizens.consent(tx, citizen, "given", 1, "hash")
            citizens.follow(tx, citizen.id or 0, commune, "home")

        await self.work.write(make)
        return chat

    async def ask(self, chat: str, text: str) -> str:
        """What is said to a message."""
        await self.inbound.hear(
            self.account, Heard("zalo_oa", "1", chat, secrets.token_hex(8), self.clock(), "text", text)
        )
        return await self.work.write(lambda tx: _newest(tx, chat))

    async def publish(self, title: str, commune: str = HERE, corrects: int = 0, kind: str = "news") -> int:
        """An official's announcement; its id."""

        def run(tx: Transaction) -> int:
            one = Official(
                username=secrets.token_hex(4), name="L", title="T", commune=commune, password_hash="", created_at=1
            )
            lan = tx.add(one)
            draft = written.Draft(commune, "routine", "", title, "Từ 7 giờ đến 17 giờ.", "", (), tx.now + DAY_MS)
            row = written.save(tx, draft, lan)
            row.kind, row.corrects_id = kind, corrects or None
            tx.add(row)
            assert written.publish(tx, row, lan, self.know, two_people=False)
            return row.id or 0

        return await self.work.write(run)

    async def put(self, **fields: object) -> None:
        """An official saves an entry."""
        await self.work.write(lambda tx: faq.put(tx, {"status": "served", **fields}))


def _newest(tx: Transaction, chat: str) -> str:
    """The newest words for a chat, which reach it at once."""
    found = select(Delivery, Letter).where(Delivery.chat == chat, col(Delivery.letter_id) == col(Letter.id))
    rows = tx.session.exec(found.order_by(col(Delivery.id))).all()
    for row, _ in rows:
        row.state, row.claimed_at = "sent", tx.now
        tx.session.add(row)
    return outbox.parts_of(tx, rows[-1][1])[0].text if rows else ""


@pytest_asyncio.fixture
async def line(database: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Line]:
    one = Line(database, clock, tmp_path)
    await one.open()
    yield one
    one.work.close()


async def test_an_announcement_answers_as_soon_as_it_is_out_and_until_it_is_taken_back(line: Line) -> None:
    hoa, other = await line.follower(HERE), await line.follower(THERE)
    assert not (await line.ask(hoa, ASKED)).startswith("Cúp điện")
    number = await line.publish("Cúp điện bản Tâu hôm nay")
    row = await line.work.read(lambda tx: announcements.of(tx, number))
    assert row
    said = await line.ask(hoa, ASKED)
    assert said.startswith("Cúp điện bản Tâu hôm nay")
    assert f"Mã {row.code}" in said
    assert not (await line.ask(other, ASKED)).startswith("Cúp điện")
    await line.publish("Cúp điện bản Tâu: thôi không cắt", corrects=number, kind="withdrawal")
    assert (await line.ask(hoa, ASKED)).startswith("Rút lại tin: Cúp điện bản Tâu")
    line.clock.ahead += 2 * DAY_MS
    assert "bản Tâu" not in await line.ask(hoa, ASKED)


async def test_an_edit_is_known_with_the_next_message_and_an_override_only_at_home(line: Line) -> None:
    hoa, other = await line.follower(HERE), await line.follower(THERE)
    question = "Bộ phận một cửa làm việc mấy giờ?"
    await line.put(id="gio", question=question, answer="Từ 7 giờ.")
    await line.put(id="ks", question="Làm khai sinh cho con cần gì?", answer="Giấy chứng sinh.")
    assert (await line.ask(hoa, question)).startswith("Từ 7 giờ.")
    await line.put(id=f"gio-{HERE}", question=question, answer="Từ 8 giờ.", commune=HERE, overrides="gio")
    assert (await line.ask(hoa, question)).startswith("Từ 8 giờ.")
    assert (await line.ask(other, question)).startswith("Từ 7 giờ.")
    await line.work.write(lambda tx: faq.remove(tx, f"gio-{HERE}"))
    assert (await line.ask(hoa, question)).startswith("Từ 7 giờ.")


async def test_an_entry_ends_with_its_day_without_a_restart(line: Line) -> None:
    hoa, question = await line.follower(HERE), "Bộ phận một cửa làm việc mấy giờ?"
    today = local(line.clock()).date().isoformat()
    await line.put(id="gio", question=question, answer="Từ 7 giờ.", valid_until=today)
    assert (await line.ask(hoa, question)).startswith("Từ 7 giờ.")
    line.clock.ahead += DAY_MS
    assert not (await line.ask(hoa, question)).startswith("Từ 7 giờ.")


async def test_a_short_question_leans_on_the_last_answer_also_in_another_process(line: Line) -> None:
    hoa = await line.follower(HERE)
    await line.put(id="ks", question="Làm khai sinh cho con cần gì?", answer="Giấy chứng sinh.", follow_ups=["phi"])
    await line.put(id="phi", question="Làm khai sinh hết bao nhiêu tiền?", answer="Không mất tiền.")
    assert (await line.ask(hoa, "làm khai sinh cho con cần gì")).startswith("Giấy chứng sinh.")
    line.inbound = Inbound(line.work, replace(line.know), line.spool, 5.0, lambda _: None)
    assert (await line.ask(hoa, "thế mất bao nhiêu tiền?")).startswith("Không mất tiền.")


async def test_danger_that_was_none_is_answered_without_another_search(line: Line) -> None:
    hoa = await line.follower(HERE)
    await line.put(id="sd", question="Mất sổ đỏ thì xin lại ở đâu?", answer="Ở văn phòng đăng ký đất đai.")
    await line.ask(hoa, "cháy nhà cứu với")
    assert await line.ask(hoa, "không")
