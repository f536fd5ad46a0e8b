"""The exchange: one transaction in which a sender settles what has ended and claims what goes next."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from bot.consequences import beside, follows, timed
from bot.endings import Ending, Sent, Unknown
from content.message import Part
from handlers import digests, quiet, routes
from storage import Transaction, calls, ledger, takeover
from storage.accounts import Account
from storage.front import Front
from storage.ledger import Claimed, Due

ASTRAY = "máy gửi không rõ tin đã đi chưa"
SAFE_SECONDS = 5.0  # with less of its lease left a sender begins nothing


class Lost(Exception):
    """The lease is somebody else's now: nothing that we hold is ours any more."""


class Held:
    """The lease under which a sender works. `until` is monotonic seconds; SQLite's never ends."""

    def __init__(self, name: str, epoch: int, until: float = float("inf")) -> None:
        self.name, self.epoch, self.until = name, epoch, until

    @property
    def safe(self) -> bool:
        """Whether a request begun now is sure to be ours."""
        return self.until - time.monotonic() > SAFE_SECONDS


@dataclass(frozen=True, slots=True)
class Settled:
    """What a send, or putting a row down, changes in the ledger: columns of its row, and things beside it."""

    row: Due
    changes: dict[str, Any]
    ending: Ending | None = None
    part: Part | None = None

    @property
    def goes_on(self) -> bool:
        """Whether another part of the letter follows."""
        return "state" not in self.changes

    @property
    def goes_back(self) -> bool:
        """Whether it waits again where it waited before."""
        return self.changes.get("state") == "queued" and "due_in" not in self.changes


@dataclass(frozen=True, slots=True)
class Asked:
    """One exchange: whose, under which lease, what has ended, calls to be counted, and how much may be claimed.

    `talk` and `again`: how many answers and emergencies that failed before, where others are due as well. `front`:
    where the queue begins.
    """

    account: Account
    lease: Held
    settled: list[Settled] = field(default_factory=list)
    calls: int = 0
    room: int = 0
    busy: Collection[str] = ()
    talk: int = 1
    again: int = 0
    front: Front = field(default_factory=Front)


@dataclass(frozen=True, slots=True)
class Got:
    """What it brought. `more`: the queue is not known to be empty. `late`: rows that ended because of their time."""

    rows: list[Due]
    urgent: bool = False
    more: bool = False
    late: int = 0


def exchange(tx: Transaction, asked: Asked) -> Got:
    """Settle, then claim. Raises `Lost`."""
    _alone_and_holding(tx, asked)
    settle(tx, asked)
    if asked.room <= 0:
        return Got([])
    number = asked.account.id or 0
    many = (asked.room, asked.busy, asked.talk, asked.again, asked.front)
    claimed: Claimed = ledger.claim(tx, number, asked.lease.epoch, *many)
    rows = digests.current(tx, quiet.hold(tx, claimed.rows))
    rows = routes.choose(tx, asked.account, rows)
    digests.begin(tx, asked.lease.epoch, rows)
    return Got(rows, claimed.urgent, bool(claimed.rows), claimed.late)


def reclaim(tx: Transaction, asked: Asked, known: Collection[int], mine: Collection[int]) -> int:
    """Take back what is claimed under this lease and not among the rows `known` to its sender; how many.

    What never came back from its claim was surely not sent, and waits again as if nothing had been. What did (it is
    among `mine`), and was lost sight of, may have been. Raises `Lost`.
    """
    _alone_and_holding(tx, asked)
    lost = [row for row in takeover.claimed(tx, asked.account.id or 0, asked.lease.epoch) if row.id not in known]
    ended = [Settled(row, follows(row, Unknown(ASTRAY)) if row.id in mine else {"state": "queued"}) for row in lost]
    settle(tx, replace(asked, settled=ended))
    return len(lost)


def _alone_and_holding(tx: Transaction, asked: Asked) -> None:
    """Wait for an exchange of this account whose end was never heard of, and let nobody take over before this one's."""
    lease = asked.lease
    if tx.postgres and not takeover.alone(tx, asked.account.id or 0, lease.name, lease.epoch):
        raise Lost


def settle(tx: Transaction, asked: Asked) -> None:
    """Write how sends ended, and how many calls were made."""
    number = asked.account.id or 0
    if any(one.goes_back for one in asked.settled):
        asked.front.forget()
    changed = [(one, timed(one.changes, tx.now)) for one in asked.settled]
    ledger.settle(tx, asked.lease.epoch, [(one.row.id, changes) for one, changes in changed])
    digests.settled(tx, asked.lease.epoch, ((one.row, changes) for one, changes in changed))
    routes.settled(tx, asked.account, ((one.row, changes) for one, changes in changed))
    calls.made(tx, number, asked.calls)
    for one, changes in changed:
        if one.ending is not None and not _plain(one):
            beside(tx, number, one.row, one.ending, one.part, changes.get("due_at", 0))


def _plain(one: Settled) -> bool:
    """The usual case, of which there are thousands a second: sent, and nothing else to remember."""
    return isinstance(one.ending, Sent) and not (one.ending.handle or one.ending.moved_to) and not one.row.report_id


def alone(one: Settled) -> Settled:
    """The same without what is beside it: that could not be written."""
    return replace(one, ending=None)


def bare(one: Settled) -> Settled:
    """The same without words either: how it ended is what must be written."""
    changes = {name: value for name, value in one.changes.items() if name == "state" or not isinstance(value, str)}
    return replace(one, ending=None, changes=changes)
