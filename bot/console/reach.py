"""Proof of reach: who got an announcement within 30 seconds, 5 minutes or later, who did not and why, by hamlet."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from aiohttp import web

from bot.console.pages import Refused, page
from bot.console.session import context, me
from bot.console.words import DELIVERY_STATES, NO_HAMLET, reason
from content.units import Gazetteer
from storage import Transaction, announcements, reach
from storage.announcements import Announcement
from storage.reach import Place

HEADS = ("Mã xã", "Xã, phường", "Thôn, bản", "Người nhận", "Tới trong 30 giây", "Tới trong 5 phút", "Tới muộn hơn",
         "Đã chặn hoặc rời kênh", "Không gửi được", "Quá giờ", "Không rõ đã tới chưa", "Xem ở nhóm hoặc bài chung",
         "Đang chờ", "Đã gửi lại", "Tỷ lệ đã tới (%)")  # fmt: skip
MISSED_HEADS = ("Mã xã", "Xã, phường", "Thôn, bản", "Tình trạng", "Lý do", "Số người")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


@dataclass(frozen=True, slots=True)
class Hamlet:
    """A hamlet and its name as people write it."""

    name: str
    place: Place
    why: Sequence[tuple[str, str, int]]  # state, reason, people


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, its hamlets, those that need help first, and all of them as one."""

    code: str
    name: str
    whole: Place
    hamlets: Sequence[Hamlet]

    @property
    def low(self) -> list[str]:
        """Hamlets where so few got it that others must tell them."""
        return [one.name for one in self.hamlets if one.place.low]


@dataclass(frozen=True, slots=True)
class Proof:
    """An announcement's proof of reach in people's words. `lost`: followers of whom no chat was left before."""

    row: Announcement
    whole: Place
    communes: Sequence[Commune]
    posts: int
    lost: int

    @property
    def ended(self) -> bool:
        """Whether all had their turn, and whoever has not got it is to be told by others; not what was stopped."""
        return self.row.status == "published" and not self.whole.waiting and not self.row.stopped_at


def proof(tx: Transaction, row: Announcement, gazetteer: Gazetteer) -> Proof:
    """The proof for an announcement, communes and hamlets named."""
    found = reach.of(tx, row)
    codes = sorted({one.commune for one in found.places} | {row.commune})
    names = reach.spellings(tx, codes)
    communes = [
        _commune(code, list(places), names, gazetteer)
        for code, places in groupby(found.places, key=lambda one: one.commune)
    ]
    lost = reach.lost(tx, row, codes)
    return Proof(row, reach.together(found.places), communes, found.posts, lost)


def _commune(code: str, places: list[Place], names: dict[tuple[str, str], str], gazetteer: Gazetteer) -> Commune:
    known = gazetteer.commune(code)
    hamlets = [Hamlet(_name(one, names), one, why_missed(one)) for one in places]
    hamlets.sort(key=lambda one: (one.place.coverage, one.name))
    return Commune(code, known.full_name if known else code, reach.together(places, code), hamlets)


def _name(place: Place, names: dict[tuple[str, str], str]) -> str:
    if not place.hamlet_key:
        return NO_HAMLET
    return reason(names.get((place.commune, place.hamlet_key), place.hamlet_key))


def why_missed(place: Place) -> list[tuple[str, str, int]]:
    """(state, reason, people) in plain words, the most frequent first."""
    said: dict[tuple[str, str], int] = {}
    for (state, why), people in place.missed.items():
        key = DELIVERY_STATES[state], reason(why)
        said[key] = said.get(key, 0) + people
    return sorted(((*key, people) for key, people in said.items()), key=lambda one: (-one[2], one))


async def show(request: web.Request) -> web.Response:
    """The proof as a page."""
    found = await _proof(request)
    return page(request, "reach.html", title="Bản tin", proof=found, row=found.row, low=reach.LOW)


async def by_hamlet(request: web.Request) -> web.Response:
    """A row a hamlet, for a spreadsheet."""
    found = await _proof(request)
    rows = [_line(one, hamlet) for one in found.communes for hamlet in one.hamlets]
    return _sheet(f"{found.row.code}-theo-thon.csv", HEADS, rows)


def _line(commune: Commune, one: Hamlet) -> list[Any]:
    place = one.place
    missed = (place.missed_as(state) for state in ("gone", "never", "expired"))
    return [commune.code, commune.name, one.name, place.people, *(place.told[band] for band in reach.BANDS), *missed,
            place.unknown, place.covered, place.waiting, place.again, place.coverage]  # fmt: skip


async def missed(request: web.Request) -> web.Response:
    """Who was not reached: how many, where and why; nobody's name, number or chat."""
    found = await _proof(request)
    rows = [row for one in found.communes for hamlet in one.hamlets for row in _missed_lines(one, hamlet)]
    return _sheet(f"{found.row.code}-chua-toi.csv", MISSED_HEADS, rows)


def _missed_lines(commune: Commune, one: Hamlet) -> list[list[Any]]:
    others = [(DELIVERY_STATES[state], "", people) for state, people in
              (("unknown", one.place.unknown), ("covered", one.place.covered)) if people]  # fmt: skip
    return [[commune.code, commune.name, one.name, *line] for line in (*one.why, *others)]


async def _proof(request: web.Request) -> Proof:
    known, signed, code = context(request), me(request), request.match_info["code"]

    def job(tx: Transaction) -> Proof:
        row = announcements.visible(tx, code, signed.commune)
        if row is None or row.status not in ("publishing", "published"):
            raise Refused(404)
        return proof(tx, row, known.know.gazetteer)

    return await known.work.read(job)


def _sheet(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> web.Response:
    """A CSV file that a spreadsheet opens as it is: UTF-8 with a mark, and nothing that it would run."""
    written = io.StringIO()
    csv.writer(written).writerows([heads, *([_harmless(cell) for cell in row] for row in rows)])
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store",
               "X-Content-Type-Options": "nosniff"}  # fmt: skip
    body = written.getvalue().encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


ROUTES = [
    web.get("/announcements/{code}/reach", show),
    web.get("/announcements/{code}/reach.csv", by_hamlet),
    web.get("/announcements/{code}/missed.csv", missed),
]
