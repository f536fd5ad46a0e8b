"""An account's terms: what its platform allows and charges, what may be spent, what is kept for emergencies."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from content.dates import local
from storage.accounts import Account

PURPOSES = ("status", "emergency", "priority", "routine")  # what a template may be approved for
WORDS = ("code", "title", "text", "date")  # what we can put into a template's parameter
SPENDING = ("no", "emergency", "yes")
TARGETS = ("ages", "gender", "locations", "cities", "platform")  # of a broadcast article (Zalo reference §3.5)
LONGEST_WORD = 100  # characters of a template's parameter, where its terms do not say how many it takes


class BadTerms(ValueError):
    """A term is wrong; one Vietnamese sentence names it."""


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: Zalo's id, đồng a message, and (parameter, our word, most characters) for each field."""

    id: str
    price: int = 0
    fields: tuple[tuple[str, str, int], ...] = ()

    def values(self, words: Mapping[str, str]) -> dict[str, str]:
        """The template's parameters from our words, each on one line and no longer than it may be."""
        return {name: _short(words.get(word, ""), most) for name, word, most in self.fields}


@dataclass(frozen=True, slots=True)
class Terms:
    """What one account may do. Prices are đồng a message; a limit of None is no limit of ours.

    `spend`: whether messages outside the free window may be sent: `no`, `emergency` (for these alone) or `yes`.
    `paid_included`: how many of them a month the package holds, so that they cost nothing more.
    `reserve`: a share (below 1) or a number of each month's limit that only emergencies may use.
    """

    spend: str = "no"
    paid_price: int = 55
    paid_included: int = 0
    paid_per_month: int | None = None
    template_per_month: int | None = None
    templates: Mapping[str, Template] = field(default_factory=dict)
    article: str = ""
    article_target: Mapping[str, Sequence[str]] = field(default_factory=dict)
    articles_per_month: int = 4
    articles_per_day: int = 1
    messages_per_month: int = 3000
    group_size: int = 100
    reserve: float = 0.0

    def pays(self, urgent: bool) -> bool:
        """Whether a message may be sent that costs money."""
        return self.spend == "yes" or (urgent and self.spend == "emergency")

    def limit(self, kind: str) -> int | None:
        """The month's limit of a kind of the quota ledger; None: no limit."""
        return {"paid": self.paid_per_month, "template": self.template_per_month, "article": self.articles_per_month,
                "message": self.messages_per_month}[kind]  # fmt: skip

    def left(self, kind: str, used: int, urgent: bool) -> int | None:
        """How many more may go this month after `used`; others than emergencies leave the reserve alone."""
        limit = self.limit(kind)
        if limit is None:
            return None
        return max(0, limit - (0 if urgent else self._kept(limit)) - used)

    def _kept(self, limit: int) -> int:
        return math.ceil(limit * self.reserve) if self.reserve < 1 else min(limit, int(self.reserve))


def of(account: Account) -> Terms:
    """The terms of an account. What cannot be read counts as not agreed: then nothing is spent."""
    return _of(account.settings)


@lru_cache(256)
def _of(settings: str) -> Terms:
    try:
        return within(json.loads(settings))
    except ValueError:
        return Terms()


def within(settings: Mapping[str, Any]) -> Terms:
    """The same from settings that were read already."""
    try:
        return parse(settings.get("terms") or {})
    except (BadTerms, AttributeError):
        return Terms()


def parse(raw: Mapping[str, str]) -> Terms:
    """Terms as an operator writes them, name → value. Raises `BadTerms`."""
    left = {name: str(value).strip() for name, value in raw.items() if str(value).strip()}
    templates = {one: made for one in PURPOSES if (made := _template(left, one))}
    values: dict[str, Any] = {name: read(name, left.pop(name)) for name, read in _READ.items() if name in left}
    if left:
        raise BadTerms(f"Không có mục nào tên {next(iter(left))}. Các mục: {', '.join(NAMES)}.")
    return Terms(**values, templates=templates)


def _template(left: dict[str, str], purpose: str) -> Template | None:
    name = f"template.{purpose}"
    number, price, fields = (left.pop(one, "") for one in (name, f"{name}.price", f"{name}.fields"))
    if not number:
        if price or fields:
            raise BadTerms(f"{name}: còn thiếu mã mẫu tin.")
        return None
    return Template(number, _whole(f"{name}.price", price or "0"), _fields(f"{name}.fields", fields))


def _fields(name: str, text: str) -> tuple[tuple[str, str, int], ...]:
    """As "ma:code,noi_dung:text:200"."""
    found = [re.fullmatch(r"(\w+):(\w+)(?::(\d+))?", one.strip()) for one in text.split(",") if one.strip()]
    if not all(one and one[2] in WORDS for one in found):
        raise BadTerms(f"{name}: viết như ma:code,noi_dung:text:200; lời của ta là một trong: {', '.join(WORDS)}.")
    return tuple((one[1], one[2], int(one[3] or LONGEST_WORD)) for one in found if one)


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise BadTerms(f"{name}: phải là số từ 0 trở lên.")
    return int(text)


def _spending(name: str, text: str) -> str:
    if text not in SPENDING:
        raise BadTerms(f"{name}: chọn no (không), emergency (chỉ tin khẩn cấp) hoặc yes (mọi tin).")
    return text


def _reserve(name: str, text: str) -> float:
    """As "10%", "0.1", or a number of messages."""
    share = re.fullmatch(r"(\d{1,2})%", text)
    if share:
        return int(share[1]) / 100
    if not re.fullmatch(r"\d{1,9}|0\.\d{1,4}", text):
        raise BadTerms(f"{name}: viết như 10% hoặc một số tin, ví dụ 200.")
    return float(text)


def _id(name: str, text: str) -> str:
    if not re.fullmatch(r"[\w-]{1,64}", text):
        raise BadTerms(f"{name}: mã chỉ gồm chữ, số và gạch ngang, dài tối đa 64.")
    return text


def _target(name: str, text: str) -> dict[str, tuple[str, ...]]:
    """As "locations:2;cities:0,4"."""
    found = [one.partition(":") for one in text.split(";") if one.strip()]
    target = {key.strip(): tuple(one.strip() for one in values.split(",")) for key, _, values in found}
    if not all(key in TARGETS and all(one.isdigit() for one in values) for key, values in target.items()):
        raise BadTerms(f"{name}: viết như locations:2;cities:0,4; các tên: {', '.join(TARGETS)}.")
    return target


_READ: dict[str, Callable[[str, str], Any]] = {
    "spend": _spending,
    "paid_price": _whole,
    "paid_included": _whole,
    "paid_per_month": _whole,
    "template_per_month": _whole,
    "article": _id,
    "article_target": _target,
    "articles_per_month": _whole,
    "articles_per_day": _whole,
    "messages_per_month": _whole,
    "group_size": _whole,
    "reserve": _reserve,
}
_TEMPLATES = [f"template.{one}{more}" for one in PURPOSES for more in ("", ".price", ".fields")]
NAMES = (*_READ, *_TEMPLATES)


def month(ms: int) -> str:
    """The month as people in Việt Nam count it: 2026-11."""
    return local(ms).strftime("%Y-%m")


def next_month(ms: int) -> int:
    """When the next month begins there, ms UTC."""
    first = local(ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int((first + timedelta(days=32)).replace(day=1).timestamp() * 1000)


def today(ms: int) -> int:
    """When the day began there, ms UTC."""
    return int(local(ms).replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
