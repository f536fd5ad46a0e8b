"""What a commune decides for itself: when its people sleep."""

import re

from aiohttp import web

from bot.console.home import place_of
from bot.console.pages import Refused, go, page
from bot.console.session import context, fields, me
from bot.console.writing import commune_code
from content.hours import DAY, shown
from storage import Transaction, audit, communes

LONGEST = 14 * 60  # minutes: a night, and not a day in which nobody can be told anything
TOO_LONG = "Giờ yên tĩnh dài quá 14 tiếng. Ban ngày phải gửi tin được."
WRONG = "Giờ chưa đúng. Ghi giờ bắt đầu và giờ kết thúc, ví dụ 21:30 và 05:00."


async def show(request: web.Request) -> web.Response:
    """The rules of one's commune; the province chooses one (`?commune=`, a name or a code)."""
    wanted = request.query.get("commune", "")[:100]
    return await _page(request, _whose(request, wanted), wanted)


def _whose(request: web.Request, wanted: str) -> str:
    return me(request).commune or commune_code(context(request).know, wanted)


async def _page(request: web.Request, commune: str, wanted: str, problem: str = "") -> web.Response:
    known = context(request)
    hours = await known.work.read(lambda tx: communes.hours(tx, [commune])[commune]) if commune else (0, 0)
    return page(
        request, "commune.html", 400 if problem else 200, title="Giờ yên tĩnh", commune=commune, wanted=wanted,
        place=place_of(known.know, commune), problem=problem, start=_input(hours[0]), end=_input(hours[1]),
        told=tuple(map(shown, hours)) if hours[0] != hours[1] else (),
    )  # fmt: skip


async def decide(request: web.Request) -> web.Response:
    """Keep new quiet hours; equal ones are none."""
    sent, signed = await fields(request), me(request)
    commune = _whose(request, sent.get("commune", "")[:100])
    if not commune:
        raise Refused(400, "Chưa rõ xã nào.")
    start, end = _minutes(sent.get("start", "")), _minutes(sent.get("end", ""))
    if start is None or end is None:
        return await _page(request, commune, commune, WRONG)
    if (end - start) % DAY > LONGEST:
        return await _page(request, commune, commune, TOO_LONG)

    def keep(tx: Transaction) -> None:
        communes.set_hours(tx, commune, start, end)
        audit.write(tx, signed.id, "commune.quiet", commune, commune, f"{_input(start)}-{_input(end)}")

    await context(request).work.write(keep)
    return go(f"/console/commune?commune={commune}")


def _input(minutes: int) -> str:
    """A minute of the day for `<input type=time>`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _minutes(text: str) -> int | None:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(:00)?", text, re.ASCII)
    return int(found[1]) * 60 + int(found[2]) if found else None


ROUTES = [web.get("/commune", show), web.post("/commune", decide)]
