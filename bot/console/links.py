"""The commune's link and QR code for each account, to be printed and put up."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import segno
from aiohttp import web
from markupsafe import Markup

from bot.console.pages import page
from bot.console.session import context, me
from bot.console.writing import commune_code
from storage import Transaction, accounts

CHATS = ("zalo_oa", "telegram", "zalo_bot")


@dataclass(frozen=True, slots=True)
class Poster:
    """One way in. `sent` is what people type after opening a link that cannot carry the commune itself."""

    channel: str
    title: str
    link: str
    sent: str
    qr: Markup


async def show(request: web.Request) -> web.Response:
    """Posters of one's commune; the province chooses one (`?commune=`, a name or a code)."""
    signed, know = me(request), context(request).know
    wanted = request.query.get("commune", "")[:100]
    commune = know.gazetteer.commune(signed.commune or commune_code(know, wanted))
    found = await context(request).work.read(lambda tx: _accounts(tx, commune.code)) if commune else []
    posters = [poster(*one, commune.code) for one in found] if commune else []
    return page(request, "links.html", title="Mã QR", commune=commune, wanted=wanted, posters=posters)


def _accounts(tx: Transaction, commune: str) -> list[tuple[str, str, str, str]]:
    serving = [one for one in accounts.every(tx) if one.channel in CHATS and one.commune in ("", commune)]
    serving.sort(key=lambda one: CHATS.index(one.channel))
    return [(one.channel, one.title or one.name, one.platform_id, one.username) for one in serving]


def poster(channel: str, title: str, platform_id: str, username: str, commune: str) -> Poster:
    """Telegram's link carries the commune (`start`, Telegram reference §1); on Zalo people send it as text."""
    if channel == "telegram":
        link = f"https://t.me/{quote(username)}?start=xa-{commune}" if username else ""
        return Poster(channel, title, link, "", _qr(link))
    link = f"https://zalo.me/{quote(platform_id)}" if channel == "zalo_oa" and platform_id else ""
    return Poster(channel, title, link, f"#xa-{commune}", _qr(link))


def _qr(link: str) -> Markup:
    """The code as SVG inside the page: sharp on paper, and no request of its own."""
    if not link:
        return Markup()
    made: Any = segno.make(link, error="m", micro=False)
    # segno writes numbers and the path only; the link itself does not appear in the SVG
    return Markup(made.svg_inline(scale=6, border=2, omitsize=True))


ROUTES = [web.get("/links", show)]
