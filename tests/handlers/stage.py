"""Villagers who talk to the stories on a real database, one transaction a word, as `bot.inbound` does it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlmodel import col, select

from content.faq import SMALLTALK, STARTER, FaqIndex, Library, load_entries
from content.message import Attached, Heard, MediaKind, Part, Place
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge, Manners, Matched, announcements, answer, match
from storage import Database, Transaction, accounts, citizens, inbox, outbox
from storage.accounts import Account
from storage.audience import spread_range
from storage.citizens import Address, Citizen
from storage.officials import Official
from storage.outbox import Delivery, Letter
from storage.reports import Report
from tests.stage import Clock

T = TypeVar("T")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
THANH_NUA, TAN_KHAI, XA_DUNG, AN_TOAN = "03328", "25357", "03208", "21622"


@cache
def knowledge() -> Knowledge:
    """Built once a run: the stories only read it."""
    served = [one for one in load_entries(STARTER) if one.status == "served"]
    manners = Manners(controller="UBND tỉnh Điện Biên", public_url="https://thontin.example.vn")
    return Knowledge(Library(served), FaqIndex(load_entries(SMALLTALK)), Gazetteer.load(), Texts.load(), manners)


@dataclass
class Stage:
    """A database, a clock and the accounts people write to."""

    database: Database
    clock: Clock
    know: Knowledge = field(default_factory=knowledge)
    made: dict[str, int] = field(default_factory=dict)

    def villager(self, channel: str = "zalo_oa", know: Knowledge | None = None) -> "Villager":
        """Somebody new who has never written."""
        if channel not in self.made:
            self.made[channel] = self.do(lambda tx: _account(tx, channel).id or 0)
        return Villager(self, self.made[channel], channel, secrets.token_hex(6), know or self.know)

    def follower(self, commune: str = THANH_NUA, channel: str = "zalo_oa") -> "Villager":
        """Somebody who follows a commune and has nothing open."""
        one = self.villager(channel)
        one.start(f"xa-{commune}")
        one.say("1")
        one.forget_dialogue()
        return one

    def do(self, job: Callable[[Transaction], T]) -> T:
        """Run a job in a transaction."""
        with self.database.transaction() as tx:
            return job(tx)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.clock.ahead += ms

    def official(self, title: str = "Chủ tịch UBND xã") -> Official:
        """An official of Thanh Nưa."""
        who = Official(username=secrets.token_hex(4), name="Lò Văn Minh", title=title, commune=THANH_NUA,
                       password_hash="", created_at=self.clock())  # fmt: skip
        return self.do(lambda tx: tx.add(who))

    def publish(
        self,
        title: str,
        priority: str = "emergency",
        commune: str = THANH_NUA,
        spread: bool = True,
        body: str = "Lên chỗ cao.",
        hours: int = 24,
    ) -> int:
        """Send an announcement out; its id."""
        lan, minh = self.official(), self.official()

        def run(tx: Transaction) -> int:
            draft = announcements.Draft(commune, priority, "", title, body, "Đài tỉnh, tin số 1", (),
                                        tx.now + hours * HOUR_MS)  # fmt: skip
            row = announcements.save(tx, draft, lan)
            row.status, row.speech_sha = "waiting", "a" * 64
            tx.add(row)
            assert announcements.publish(tx, row, minh, self.know, two_people=True)
            while spread and row.status == "publishing":
                spread_range(tx, row, 1000)
            return row.id or 0

        return self.do(run)

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """Rows of a table, oldest first."""
        return self.do(lambda tx: list(tx.session.exec(select(table).where(*where).order_by(table.id)).all()))


_FOUND: dict[tuple[object, ...], tuple[Knowledge, Matched]] = {}


def _matched(know: Knowledge, text: str) -> Matched:
    """What is found for a text, once: the tests say the same words again and again on their way to a step."""
    key = (id(know), know.faq_version, know.faq.day, text)
    if key not in _FOUND:
        _FOUND[key] = know, match(know, text)  # the knowledge is held, so that nothing else gets its id
    return _FOUND[key][1]


def _account(tx: Transaction, channel: str) -> Account:
    return tx.add(Account(name=channel, channel=channel, title="Thôn Tin", created_at=tx.now))


@dataclass
class Villager:
    """One chat. Everything done gives back the texts that were said, in the order they arrive."""

    stage: Stage
    account_id: int
    channel: str
    chat: str
    know: Knowledge
    posted: bool = True  # whether what is said reaches them at once
    parts: list[Part] = field(default_factory=list)  # of the last turn

    def say(self, text: str, **more: Any) -> list[str]:
        """Type something."""
        return self.hear("text", text=text, **more)

    def start(self, payload: str = "") -> list[str]:
        """Open our link: a start on Telegram, a payload sent as text on Zalo."""
        if self.channel == "telegram":
            return self.hear("start", payload=payload)
        return self.hear("text", text=f"#{payload}") if payload else self.hear("follow")

    def follow(self) -> list[str]:
        """Follow the account."""
        return self.hear("follow")

    def unfollow(self) -> list[str]:
        """Leave it."""
        return self.hear("unfollow")

    def withdraw(self) -> list[str]:
        """Zalo's own "erase my data"."""
        return self.hear("withdraw")

    def send_media(self, kind: MediaKind = "image", text: str = "", **more: Any) -> list[str]:
        """Send a file, with or without words under it."""
        ref = f"https://f1.zdn.vn/{secrets.token_hex(4)}"
        return self.hear("media", text=text, attached=(Attached(kind, ref, seconds=23),), **more)

    def pin(self, lat: float, lon: float) -> list[str]:
        """Send where they are."""
        return self.hear("place", place=Place(lat, lon))

    def tap(self, number: int) -> list[str]:
        """Press a button of the last message that has any."""
        buttons = [one for part in self.parts for one in part.buttons]
        return self.hear("tap", payload=buttons[number - 1].payload)

    def hear(self, kind: Any, at: int | None = None, **values: Any) -> list[str]:
        """One event, in one transaction, as it comes through the one door."""
        heard = Heard(self.channel, "1", self.chat, secrets.token_hex(8), at or self.stage.clock(), kind, **values)
        matched = _matched(self.know, heard.text)

        def turn(tx: Transaction) -> None:
            row = accounts.of(tx, self.account_id)
            assert row is not None
            assert inbox.receive(tx, self.account_id, heard)
            answer(tx, row, heard, self.know, matched)

        self.stage.do(turn)
        return self.arrives() if self.posted else self.waiting()

    def arrives(self) -> list[str]:
        """Deliver what waits for this chat: its texts."""
        return self.stage.do(lambda tx: self._texts(tx, deliver=True))

    def waiting(self) -> list[str]:
        """What waits for this chat and has not left."""
        return self.stage.do(lambda tx: self._texts(tx, deliver=False))

    def _texts(self, tx: Transaction, *, deliver: bool) -> list[str]:
        rows = _queued(tx, self.account_id, self.chat)
        opened = [(row, outbox.parts_of(tx, letter)) for row, letter in rows]
        for row, _ in opened if deliver else []:
            row.state, row.claimed_at, row.sent_at = "sent", tx.now, tx.now
            tx.session.add(row)
        parts = [part for _, held in opened for part in held]
        self.parts = parts or self.parts
        return [part.text for part in parts if part.kind == "text"]

    def citizen(self) -> Citizen | None:
        """Who they are to us."""
        return self.stage.do(lambda tx: (self.known(tx) or (None, None))[0])

    def address(self) -> Address | None:
        """Their chat."""
        return self.stage.do(lambda tx: (self.known(tx) or (None, None))[1])

    def known(self, tx: Transaction) -> tuple[Citizen, Address] | None:
        """Their rows."""
        return citizens.known(tx, self.account_id, self.chat)

    def step(self) -> str:
        """Where the open dialogue stands, as "report.check"; empty when none is."""
        address = self.address()
        state = self.stage.database.vault.open_json(address.state_sealed) if address else None
        return f"{state['story']}.{state['step']}" if state and "story" in state else ""

    def forget_dialogue(self) -> None:
        """Close whatever is open."""

        def close(tx: Transaction) -> None:
            found = self.known(tx)
            assert found
            found[1].state_sealed = ""
            tx.session.add(found[1])

        self.stage.do(close)

    def report(self) -> Report:
        """The newest report."""
        newest: Report = self.stage.rows(Report)[-1]
        return newest


def _queued(tx: Transaction, account_id: int, chat: str) -> list[tuple[Delivery, Letter]]:
    question = (
        select(Delivery, Letter)
        .where(col(Delivery.letter_id) == col(Letter.id), Delivery.account_id == account_id, Delivery.chat == chat)
        .where(Delivery.state == "queued", Delivery.held == "")
        .order_by(col(Delivery.lane), col(Delivery.due_at), col(Delivery.id))
    )
    return [(row[0], row[1]) for row in tx.session.exec(question).all()]
