"""How an account's outlet sends by the route that was chosen."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Account, Medium
from bot.endings import Ending, Later, Never, Sent
from bot.media import MediaStore
from bot.outlets import ChatOutlet
from bot.work import Work
from content.dates import date
from content.message import Part
from storage import Database, ledger, outbox, reports
from storage.ledger import Due
from storage.outbox import ROUTINE, STATUS, Delivery
from tests.storage.people import HERE, account

TERMS = {"template.status": "T1", "template.status.fields": "ma:code,ngay:date,dau:title,lai:text:20",
         "article_target": "cities:4"}  # fmt: skip
WORDS = "Trả lời mã PA:\nĐiện lực đã dựng lại cột điện."


class Told:
    """A channel that says what it was asked to do."""

    kind = "zalo_oa"

    def __init__(self, terms: Mapping[str, str]) -> None:
        settings = json.loads(json.dumps({"terms": terms}))
        self.account = Account(1, "oa", "zalo_oa", "90", {}, "http://127.0.0.1", settings)
        self.calls: list[tuple[Any, ...]] = []

    async def send(self, chat: str, part: Part, medium: Medium | None = None) -> Ending:
        return self._did("send", chat, part.text)

    async def send_template(self, chat: str, template_id: str, values: Mapping[str, str], tracking: str) -> Ending:
        return self._did("template", chat, template_id, dict(values), tracking)

    async def send_article(self, article_id: str, target: Mapping[str, Sequence[str]]) -> Ending:
        return self._did("article", article_id, {name: list(values) for name, values in target.items()})

    async def send_group(self, group_id: str, part: Part, medium: Medium | None) -> Ending:
        return self._did("group", group_id, part.text, medium.sha if medium else "")

    def _did(self, *call: Any) -> Ending:
        self.calls.append(call)
        return Sent(f"m{len(self.calls)}")


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    work = Work(database)
    yield work
    work.close()


def outlet(work: Work, folder: Path, terms: Mapping[str, str] = TERMS) -> tuple[ChatOutlet, Told]:
    """An outlet and what its channel is told."""
    told = Told(terms)
    store = MediaStore(folder, work.database.vault, "")
    return ChatOutlet(told, work, store, work.database.now), told  # type: ignore[arg-type]


def due(database: Database, route: str, lane: int = ROUTINE, parts: Sequence[Part] = (Part("text", WORDS),)) -> Due:
    """A delivery whose route was chosen."""
    with database.transaction() as tx:
        report = reports.file(tx, commune=HERE, kind="scene", category="works") if lane == STATUS else None
        letter = outbox.write_letter(tx, "zalo_oa", parts)
        number = account(tx, "zalo_oa").id or 0
        outbox.post(tx, Delivery(account_id=number, chat="c1", lane=lane, due_at=tx.now, letter_id=letter,
                                 report_id=report.id if report else None, created_at=tx.now, route=route))  # fmt: skip
        return ledger.claim(tx, number, 1, 1).rows[0]


@pytest.mark.parametrize("route", ["", "free", "paid"])
async def test_a_letter_inside_its_window_is_sent_part_by_part(work: Work, tmp_path: Path, route: str) -> None:
    row = due(work.database, route, parts=[Part("text", "một"), Part("text", "hai")])
    out, told = outlet(work, tmp_path)
    parts = (await out.letter([row]))[row.id]
    assert [await out.send(row, part) for part in parts] == [Sent("m1"), Sent("m2")]
    assert told.calls == [("send", "c1", "một"), ("send", "c1", "hai")]


async def test_a_template_says_it_in_one_call_with_its_own_fields(work: Work, tmp_path: Path) -> None:
    row = due(work.database, "template", STATUS, [Part("text", WORDS), Part("text", "hai")])
    out, told = outlet(work, tmp_path)
    [part] = (await out.letter([row]))[row.id]
    assert await out.send(row, part) == Sent("m1")
    with work.database.transaction() as tx:
        report = reports.of(tx, row.report_id or 0)
        assert report is not None
    values = {
        "ma": report.code,
        "ngay": date(report.created_at),
        "dau": "Trả lời mã PA:",
        "lai": "Trả lời mã PA: Điện…",
    }
    assert told.calls == [("template", "c1", "T1", values, str(row.id))]


async def test_a_template_that_was_taken_away_meanwhile_is_chosen_anew(work: Work, tmp_path: Path) -> None:
    row = due(work.database, "template", STATUS)
    out, told = outlet(work, tmp_path, {})
    assert isinstance(await out.send(row, Part("text", WORDS)), Later)
    assert told.calls == []


async def test_a_copy_says_so_on_every_route_that_has_words_of_ours(work: Work, tmp_path: Path) -> None:
    out, told = outlet(work, tmp_path)
    for route, lane in (("free", ROUTINE), ("template", STATUS), ("group", ROUTINE)):
        row = due(work.database, route, lane)
        row.resent, row.first_at = True, row.claimed_at
        await out.send(row, (await out.letter([row]))[row.id][0])
    letter, template, group = told.calls
    assert "(Gửi lại tin đã gửi lúc " in letter[2]
    assert template[3]["dau"] == "(Gửi lại) Trả lời mã PA:"
    assert "(Gửi lại tin đã gửi lúc " in group[2]


async def test_an_article_goes_to_its_target(work: Work, tmp_path: Path) -> None:
    row = due(work.database, "article")
    out, told = outlet(work, tmp_path)
    await out.send(row, (await out.letter([row]))[row.id][0])
    assert told.calls == [("article", "c1", {"cities": ["4"]})]


async def test_a_group_gets_every_part_with_its_file(work: Work, tmp_path: Path) -> None:
    out, told = outlet(work, tmp_path)
    store = MediaStore(tmp_path, work.database.vault, "")
    sha = store.keep(b"\xff\xd8\xff\xe0 a picture")
    row = due(
        work.database, "group", parts=[Part("text", "một"), Part("photo", media=sha), Part("photo", media="0" * 64)]
    )
    endings = [await out.send(row, part) for part in (await out.letter([row]))[row.id]]
    assert told.calls == [("group", "c1", "một", ""), ("group", "c1", "", sha)]
    assert isinstance(endings[2], Never)
