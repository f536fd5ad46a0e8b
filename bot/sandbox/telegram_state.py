"""What the Bot API server knows: bots, the people and groups they may write to, recent messages, limits."""

import math
import random
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.chats import Item, User
from bot.sandbox.state import Rate
from bot.sandbox.telegram_args import Refusal
from bot.sandbox.telegram_updates import Updates
from bot.sandbox.telegram_webhooks import Webhook

MOST_MESSAGES = 20_000  # remembered whole; older ones cannot be edited or tapped
SUPERGROUP_BASE = -1_000_000_000_000


@dataclass(kw_only=True)
class Person(User):
    """A chat of one bot: somebody's phone, or a group (negative `peer`). `id` is the chat's key in this sandbox."""

    peer: int
    bot_id: int
    kind: str = "private"  # private | group | supergroup
    started: bool = False  # ever pressed start, or wrote first
    deactivated: bool = False
    kicked: bool = False
    moved_to: int = 0  # new chat id of an upgraded group

    def as_json(self) -> dict[str, Any]:
        names = ("kind", "started", "deactivated", "kicked", "moved_to")
        told = {name: getattr(self, name) for name in names}
        return super().as_json() | {"chat_id": self.peer, "bot_id": self.bot_id} | told

    def chat_json(self) -> dict[str, Any]:
        """The Chat object."""
        if self.kind == "private":
            return {"id": self.peer, "first_name": self.name, "type": "private"}
        return {"id": self.peer, "title": self.name, "type": self.kind}

    def sender_json(self) -> dict[str, Any]:
        """The User object of the person; in a group, of one of its members."""
        if self.kind == "private":
            return {"id": self.peer, "is_bot": False, "first_name": self.name, "language_code": "vi"}
        return {"id": abs(self.peer) % 10**9 + 7 * 10**9, "is_bot": False, "first_name": "Thành viên"}

    def check(self) -> None:
        """Refusal when the bot may not write here, in the server's words (reference §1.3)."""
        if self.moved_to:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, description, migrate_to_chat_id=self.moved_to)
        if self.deactivated:
            raise Refusal(403, "Forbidden: user is deactivated")
        if self.kicked:
            raise Refusal(403, f"Forbidden: bot was kicked from the {self.kind} chat")
        if self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if not self.started:
            raise Refusal(403, "Forbidden: bot can't initiate conversation with a user")


@dataclass
class Bot:
    """One bot and all that is its own: message ids, open taps, commands, updates, webhook."""

    id: int
    username: str
    name: str
    token: str
    main: bool  # the first bot's chats are keyed by the bare chat id
    updates: Updates
    commands: list[dict[str, str]] = field(default_factory=list)
    taps: dict[str, tuple[float, Person]] = field(default_factory=dict)  # callback query id -> made at ms, by whom
    last_message: int = 0
    webhook_set_at: float = -1e9  # monotonic seconds
    _webhook: Webhook | None = None

    @property
    def webhook(self) -> Webhook:
        if self._webhook is None:
            raise RuntimeError("the bot has no webhook sender yet")
        return self._webhook

    @webhook.setter
    def webhook(self, made: Webhook) -> None:
        self._webhook = made

    def key(self, peer: int | str) -> str:
        """Key of a chat of this bot, everywhere in the sandbox."""
        return str(peer) if self.main else f"{peer}@{self.username}"

    def as_json(self) -> dict[str, Any]:
        """The User object of the bot."""
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def new_message(self) -> int:
        self.last_message += 1
        return self.last_message


@dataclass(slots=True)
class Kept:
    """A message the server remembers, and the bubble that shows it."""

    message: dict[str, Any]
    markup: dict[str, Any] | None
    item: Item | None


class Memory:
    """The most recent messages of all chats, by chat key and message id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Kept] = OrderedDict()

    def keep(self, chat: str, kept: Kept) -> None:
        self._kept[chat, kept.message["message_id"]] = kept
        if len(self._kept) > MOST_MESSAGES:
            self._kept.popitem(last=False)

    def get(self, chat: str, message_id: int) -> Kept | None:
        return self._kept.get((chat, message_id))


def new_peer(kind: str) -> int:
    """A chat id as Telegram numbers people, groups and supergroups."""
    if kind == "private":
        return random.randrange(5 * 10**9, 8 * 10**9)
    return -random.randrange(4 * 10**9, 5 * 10**9) + (SUPERGROUP_BASE if kind == "supergroup" else 0)


class Limit(Rate):
    """A rate of Telegram's, counted per bot (chat keys end in its name), per chat, or per group alone."""

    def __init__(self, name: str, limit: int, window_ms: int, scope: Literal["bot", "chat", "group"]) -> None:
        super().__init__(name, limit, window_ms, per_chat=True)
        self.scope = scope

    def over(self, now: float, chat: str, *, enforce: bool) -> bool:
        if self.scope == "group" and not chat.startswith("-"):
            return False
        return super().over(now, self._whose(chat), enforce=enforce)

    def wait_s(self, now: float, chat: str) -> int:
        """Whole seconds until one more is let through, at least 1."""
        arrivals = self._recent(now, self._whose(chat))
        return max(1, math.ceil((arrivals[0] + self.window_ms - now) / 1000)) if arrivals else 1

    def _whose(self, chat: str) -> str:
        return chat.partition("@")[2] if self.scope == "bot" else chat


def limits() -> list[Limit]:
    """Telegram's rates (reference §1.1): 30/s per bot, 1/s per chat with short bursts (5 in 5 s), 20/min a group."""
    return [
        Limit("30 messages a second", 30, 1000, "bot"),
        Limit("1 message a second to one chat", 5, 5000, "chat"),
        Limit("20 messages a minute to a group", 20, 60_000, "group"),
    ]
