"""What every channel can do: the contract between the platforms and the rest of bot.

A channel turns one `Part` into one call and the answer into one of the five endings (`bot.endings`); it turns
what a platform delivers into `Heard`. It keeps no state about citizens and never opens the database.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bot.endings import Ending
from content.message import Heard, Part

Now = Callable[[], int]  # ms UTC; passed in, so that the sandbox's clock and the tests' clock work
# Entered before every call of a send but its first (after an upload, a second try), and before every call beside the
# sends (a look at the account): each takes a slot. Of a send it may raise `NoSlot`, which passes through.
Gate = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Account:
    """One credential on a platform, as storage keeps it.

    `platform_id` is the platform's own id of the account (OA id, bot id), the `account` of every `Heard`.
    `base_url` has no trailing slash and no token, e.g. `https://api.telegram.org`. Secrets are not in `repr`.
    `settings` may hold `connect_timeout` and `read_timeout` (seconds, default 5 and 15) and `connections`
    (requests at once, default 100), beside what the channel's own module names.
    """

    id: int
    name: str
    channel: str  # a key of content.channels.KINDS
    platform_id: str
    secrets: Mapping[str, str] = field(repr=False)  # the channel's module names its keys
    base_url: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Medium:
    """A file of the media store that a part carries.

    `handle` is the platform's reusable id of an earlier upload by *this* account ("" = upload now);
    `url` a public, signed address, for platforms that fetch the file themselves.
    """

    sha: str
    mime: str
    path: Path
    size: int  # bytes
    handle: str = ""
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `thontin doctor`, in Vietnamese. `remedy` says what to do; "" when `ok`."""

    ok: bool
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """What the platform says about our webhook. `url` is "" when none is set; `trouble` is its last error."""

    url: str
    pending: int = 0
    trouble: str = ""


def clean(text: str) -> str:
    """Words as a database takes them: no NUL (PostgreSQL), no half of a surrogate pair (neither can be stored)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Profile:
    """What the platform calls the account: the name people see, and the word of its link where it has one."""

    title: str
    username: str = ""


class Forbidden(Exception):
    """The webhook's proof of origin is missing or wrong: answer 401 or 403 and do nothing."""


class BadBody(Exception):
    """The webhook's body is not JSON or has a wrong shape. The sentence names what, never the words in it."""


class Unavailable(Exception):
    """The platform did not do what was asked (polling, look-ups): try again in `wait` seconds.

    `suspend`: it will not work until a person repairs the account. `why` holds neither words nor a token.
    """

    def __init__(self, why: str, wait: float = 5.0, suspend: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.wait = wait
        self.suspend = suspend


class NoSlot(Exception):
    """A send's next call must not be made now: what it has done so far has told nobody anything, so it goes back."""


class Channel(Protocol):
    """One account on one platform. Built without I/O; `start` survives an outage of the platform."""

    kind: str  # a key of content.channels.KINDS
    account: Account
    gate: Gate

    async def start(self) -> None:
        """Open the connection pool. Asks the platform nothing."""

    async def close(self) -> None:
        """Close the connection pool; a second call does nothing."""

    async def send(self, chat: str, part: Part, medium: Medium | None = None) -> Ending:
        """Make one part's call. Raises `NoSlot`, and `CancelledError`, which leaves the outcome unknown; never else.

        `medium` is given when `part.media` is set. The ending's `why` holds neither the words nor a token.
        """

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Check a webhook's proof of origin over the raw bytes. Raises `Forbidden`.

        Header names may come in any case.
        """

    def read(self, raw: bytes) -> list[Heard]:
        """What a verified webhook body says; [] for events unknown or not needed. Raises `BadBody`."""

    async def acknowledge(self, heard: Heard) -> None:
        """Tell the platform that this was read (Telegram: stop the button's spinner). Never raises."""

    async def poll(self, cursor: str) -> tuple[list[Heard], str]:
        """Wait for news: what was heard, and the cursor that acknowledges it on the *next* call ("" first).

        Raises `Unavailable`; always so on a platform without polling (`suspend` set).
        """

    async def media_url(self, ref: str) -> str:
        """The address where `bot.fetch.Fetcher` may get an `Attached.ref`; may hold a token: do not log it.

        Raises the fetcher's errors (`bot.fetch.FetchError`): a media job handles one family.
        """

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have the platform deliver to `url` ("" removes the webhook). Raises `Unavailable`."""

    async def webhook_info(self) -> WebhookInfo | None:
        """What the platform knows of our webhook; None where it cannot be asked. Raises `Unavailable`."""

    async def profile(self) -> Profile | None:
        """The account's own card; None while the platform does not show it. Never raises."""

    async def check(self) -> list[Finding]:
        """Ask the platform about this account, for `thontin doctor`. Never raises."""
