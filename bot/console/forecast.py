"""The forecast on the preview: who gets it by which route, what it costs, when the last one has it."""

from typing import Any

from bot.console.pace import paces
from bot.console.progress import duration
from bot.console.words import channel
from bot.context import Context
from content.message import Part
from handlers import collective, forecast
from handlers.forecast import COVERED, FREE, OVER, PAID, PLAIN, TEMPLATE, Forecast, Share
from handlers.routes import CLOSED, FULL, SPENT, UNPAID
from storage import Transaction
from storage.announcements import Announcement

WAYS = {
    PLAIN: "nhận ngay",
    FREE: "nhận miễn phí (đã nhắn trong 48 giờ)",
    PAID: "nhận, có tính tiền",
    TEMPLATE: "nhận bằng mẫu tin, có tính tiền",
    COVERED: "chỉ thấy ở nhóm thôn hoặc bài chung",
    OVER: "không nhận được: nhóm của thôn không đủ chỗ cho mọi người",
    UNPAID: "không nhận được: quá 48 giờ chưa nhắn, kênh chưa được phép trả tiền",
    CLOSED: "không nhận được: quá 7 ngày chưa nhắn cho kênh",
    SPENT: "phải chờ: kênh đã dùng hết số tin của tháng",
    FULL: "phải chờ: kênh đã dùng hết số tin của tháng",
}
LEFT = {"paid": "tin trả tiền", "template": "mẫu tin", "message": "tin", "article": "bài chung"}


def shown(tx: Transaction, row: Announcement, known: Context, letters: dict[str, tuple[Part, ...]]) -> dict[str, Any]:
    """What the page tells of it. `letters`: channel → the parts people there will get."""
    calls = {name: len(parts) for name, parts in letters.items()}
    made = forecast.forecast(tx, row, paces(known), calls, known.settings.zalo_app_per_minute / 60)
    return {
        "forecast": {
            "accounts": [_account(one, made.now) for one in made.shares],
            "cost": made.cost,
            "last": _last(made),
            "loud": made.long,
            "inside": made.inside,
            "reached": made.reached,
            "missed": made.people - made.reached,
        },
        "articles": [one.title or one.name for one in collective.offered(tx, row)],
    }


def _account(one: Share, now: int) -> dict[str, Any]:
    return {
        "name": one.account.title or one.account.name,
        "channel": channel(one.account.channel),
        "ways": [(WAYS[way], people) for way, people in one.ways.items()],
        "cost": one.cost,
        "left": [(LEFT.get(kind, kind), count) for kind, count in one.left.items()],
        "last": "" if one.ends_at is None else duration((one.ends_at - now) / 1000),
        "suspended": one.account.status != "active",
    }


def _last(made: Forecast) -> str:
    return "" if made.ends_at is None or not made.reached else duration((made.ends_at - made.now) / 1000)
