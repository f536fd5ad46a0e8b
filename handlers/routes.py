"""Routes: how each delivery may go is chosen when its turn has come, and charged to the account's month.

Called for every exchange of every sender, so each question is asked for all rows at once, and of an account whose
platform has but one way, and counts nothing, none is asked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from content.channels import KINDS
from handlers import terms as agreed
from handlers.terms import Terms
from storage import Transaction, groups, quotas
from storage import routes as storage
from storage.accounts import Account
from storage.ledger import Due
from storage.outbox import EMERGENCY, PRIORITY, PUT_OFF_MS, RETRY, STATUS

URGENT = (EMERGENCY, RETRY)
COUNTED = ("zalo_oa", "zalo_bot")  # channels with windows, prices or a plan that counts
EDGE_MS = 60_000  # a window that closes sooner than this is closed: the platform looks when the request arrives
POST_MS = 15_000  # how long a person waits who will be covered by a post that is still on its way
CHARGED = ("paid", "template", "article")  # routes that are counted, each as a kind of the quota ledger

# Ways that end in no call.
CLOSED, UNPAID, SPENT, FULL, ONE_A_DAY = "closed", "unpaid", "spent", "full", "day"
SPENT_WHY = "đã dùng hết số tin của tháng"
WHY = {
    CLOSED: "quá 7 ngày bà con chưa nhắn, Zalo không cho gửi",
    UNPAID: "quá 48 giờ bà con chưa nhắn, kênh chưa được phép gửi tin trả tiền",
    SPENT: SPENT_WHY,
    FULL: SPENT_WHY,
    ONE_A_DAY: "hôm nay kênh đã gửi bài chung rồi",
}
COVERED = {"group": "đã gửi vào nhóm Zalo của thôn", "article": "đã gửi bài chung của kênh"}


class Purse:
    """What an account may still use this month, and what is taken of it now."""

    def __init__(self, terms: Terms, used: dict[str, int]) -> None:
        self._terms, self._used = terms, used
        self.taken: Counter[str] = Counter()

    def take(self, kind: str, urgent: bool) -> bool:
        """Take one of a kind, if any is left for this urgency."""
        left = self._terms.left(kind, self._used.get(kind, 0) + self.taken[kind], urgent)
        if left == 0:
            return False
        self.taken[kind] += 1
        return True

    def most(self, kind: str, urgent: bool, people: int, calls: int) -> int:
        """Take for as many of these people as there is room for, `calls` each; how many."""
        left = self._terms.left(kind, self._used.get(kind, 0) + self.taken[kind], urgent)
        went = people if left is None else min(people, left // max(1, calls))
        self.taken[kind] += went * calls
        return went


def choose(tx: Transaction, account: Account, rows: list[Due]) -> list[Due]:
    """Choose the route of rows just claimed, write it down and charge it; those that may go now.

    The others have ended, or wait: for the next month, or for the citizen's next word.
    """
    if not rows or account.channel not in COUNTED:
        return rows
    number, now = account.id or 0, tx.now
    terms = agreed.of(account)
    purse = Purse(terms, quotas.used(tx, number, agreed.month(now)))
    if account.channel == "zalo_bot":
        ways = {row.id: "" if purse.take("message", row.lane in URGENT) else FULL for row in rows}
    else:
        ways = _ways(tx, account, rows, terms, purse)
    for kind, count in purse.taken.items():
        quotas.use(tx, number, agreed.month(now), kind, count)
    stuck = [row for row in rows if ways[row.id] in WHY]
    if stuck:
        _put_away(tx, number, stuck, ways)
    return _go(tx, [row for row in rows if ways[row.id] not in WHY], ways)


def _go(tx: Transaction, rows: list[Due], ways: dict[int, str]) -> list[Due]:
    changed: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.route != ways[row.id]:
            row.route = ways[row.id]
            changed[row.route].append(row.id)
    for route, ids in changed.items():
        storage.take(tx, ids, route)
    return rows


def _ways(tx: Transaction, account: Account, rows: list[Due], terms: Terms, purse: Purse) -> dict[int, str]:
    heard = storage.heard(tx, {row.address_id for row in rows if row.address_id})
    ways = {}
    for row in rows:
        if row.route == "article":
            ways[row.id] = _article(tx, account, row, terms, purse)
        elif row.address_id is None:
            ways[row.id] = row.route  # a group, which has no window; or a last word to somebody who has just written
        else:
            ways[row.id] = _way(row, tx.now - heard.get(row.address_id, 0), terms, purse)
    return ways


def _way(row: Due, silent: int, terms: Terms, purse: Purse) -> str:
    """The route of one letter to somebody who has been silent for so many ms, or why there is none."""
    # Refused because of its window before, it was put on the template's way: the platform's count goes before ours.
    refused = row.route == "template" and row.attempts > 0
    window, urgent = "closed" if refused else reach(silent), row.lane in URGENT
    if window == "free":
        return "free"
    none = CLOSED if window == "closed" else UNPAID
    if window == "paid" and terms.pays(urgent):
        if purse.take("paid", urgent):
            return "paid"
        none = SPENT
    if purpose(row) in terms.templates and not row.parts_done:  # a template says all of it, in one call
        if purse.take("template", urgent):
            return "template"
        none = SPENT
    return none


def reach(silent: int) -> str:
    """The window in which somebody is on Zalo OA after so many ms of silence: free, paid or closed."""
    kind = KINDS["zalo_oa"]
    if silent <= (kind.free_window_ms or 0) - EDGE_MS:
        return "free"
    return "paid" if silent <= (kind.paid_window_ms or 0) - EDGE_MS else "closed"


def purpose(row: Due) -> str:
    """What a template must have been approved for to carry this letter."""
    if _is_status(row):
        return "status"
    return "emergency" if row.lane in URGENT else "priority" if row.lane == PRIORITY else "routine"


def _is_status(row: Due) -> bool:
    return row.lane == STATUS or row.report_id is not None


def _article(tx: Transaction, account: Account, row: Due, terms: Terms, purse: Purse) -> str:
    """A follower gets so many articles a day and a month; this one is claimed, so it counts itself."""
    if storage.articles_since(tx, account.id or 0, agreed.today(tx.now)) > terms.articles_per_day:
        return ONE_A_DAY
    return "article" if purse.take("article", row.lane in URGENT) else SPENT


# ---- what cannot go ----


def _put_away(tx: Transaction, account_id: int, rows: list[Due], ways: dict[int, str]) -> None:
    """End or keep what may not go now, each group of rows in one statement."""
    posts = _posts(tx, account_id, rows)
    lives = storage.hamlets(tx, [row.id for row in rows]) if posts else {}
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        together[_becomes(row, ways[row.id], posts, lives.get(row.id, ""))].append(row.id)
    for (becomes, why), ids in together.items():
        if becomes == "held":
            storage.hold(tx, ids, why)
        elif becomes == "queued":
            storage.wait(tx, ids, agreed.next_month(tx.now) if why == SPENT_WHY else tx.now + POST_MS, why)
        else:
            storage.end(tx, ids, becomes, why)
    # Their next word opens the window again: then they are told what waits, and what is still in force.
    storage.holds(tx, {row.address_id for row in rows if row.address_id and ways[row.id] != FULL})


def _becomes(row: Due, way: str, posts: list[tuple[int, str, str, str, str]], hamlet: str) -> tuple[str, str]:
    """(state, or `held`; why) of a row that may not go."""
    if row.route == "article":
        return "never", WHY[way]
    if way == FULL:
        return "queued", WHY[way]
    if _is_status(row):
        return "held", WHY[way]
    state, route = _covering(row, posts, hamlet)
    if state in storage.REACHED:
        return "covered", COVERED[route]
    if state:
        return "queued", "chờ tin chung của thôn, xã"
    return ("queued" if way == SPENT else "never"), WHY[way]


def _posts(tx: Transaction, account_id: int, rows: list[Due]) -> list[tuple[int, str, str, str, str]]:
    news = {row.announcement_id for row in rows if row.announcement_id and row.address_id}
    return storage.posts(tx, account_id, news) if news else []


def _covering(row: Due, posts: list[tuple[int, str, str, str, str]], hamlet: str) -> tuple[str, str]:
    """(state, route) of the best post of this announcement where its receiver lives; empty when there is none."""
    states = (*storage.REACHED, "claimed", "queued")
    found = [
        (states.index(state), state, route)
        for news, state, commune, place, route in posts
        if news == row.announcement_id and state in states and commune == row.commune and place in ("", hamlet)
    ]
    return min(found)[1:] if found else ("", "")


# ---- what became of it ----


def settled(tx: Transaction, account: Account, ended: Iterable[tuple[Due, dict[str, Any]]]) -> None:
    """Give back what was charged and surely not used, and charge the next part of a letter that goes on.

    `ended`: rows with the columns that change, as they are settled.
    """
    if account.channel not in COUNTED:
        return
    used: Counter[tuple[str, str]] = Counter()
    waiting: set[int] = set()
    for row, changes in ended:
        if row.address_id and _waits(changes, tx.now):
            waiting.add(row.address_id)
        kind = "message" if account.channel == "zalo_bot" else row.route
        if kind in (*CHARGED, "message"):
            if "state" not in changes:
                used[agreed.month(tx.now), kind] += 1
            elif not _used(changes):
                used[agreed.month(row.claimed_at), kind] -= 1
        if row.route == "group" and changes.get("state") == "gone":
            groups.gone(tx, account.id or 0, row.chat, changes.get("why", ""))
    for (month, kind), count in used.items():
        quotas.use(tx, account.id or 0, month, kind, count)
    storage.holds(tx, waiting)


def _waits(changes: dict[str, Any], now: int) -> bool:
    """Whether the receiver's next word brings it: then they can be written to freely, and at once."""
    if changes.get("state") == "queued":
        return bool(changes.get("held")) or changes.get("due_at", 0) > now + PUT_OFF_MS
    return changes.get("state") == "never"


def _used(changes: dict[str, Any]) -> bool:
    """Whether the platform has it, or may have it. What was sent but for its recording says why."""
    sent = changes["state"] == "sent" and not changes.get("why")
    return sent or changes["state"] == "unknown" or bool(changes.get("resent"))


def freed(tx: Transaction, account: Account) -> int:
    """The terms of an account have changed: what waited for the next month is looked at again; how many rows."""
    return storage.again(tx, account.id or 0, SPENT_WHY)
