"""The forecast of an announcement: who gets it by which route, what it costs, and when the last one has it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from content.channels import KINDS
from content.hours import DAY, MINUTE_MS, ends, minute, within
from handlers import quiet, routes
from handlers import terms as agreed
from handlers.routes import EDGE_MS, Purse
from handlers.terms import Terms
from storage import Transaction, accounts, forecasts, groups, progress, quotas
from storage.accounts import Account
from storage.announcements import LANE, Announcement, communes
from storage.communes import Hours
from storage.forecasts import Found

LONG_MS = 30 * 60_000  # an emergency that takes longer than this is told by loudspeakers first
Pace = Callable[[Account], float]  # messages a second that an account may send; 0: its platform sets no limit

# What may become of a person: a route, or why there is none.
FREE, PAID, TEMPLATE, COVERED, PLAIN = "free", "paid", "template", "covered", ""
OVER = "over"  # their hamlet has a group, but that holds fewer people than live there


@dataclass(frozen=True, slots=True)
class Share:
    """What one account does of it.

    `ways`: route, or reason for none (`over`; `closed`, `unpaid`, `spent`, `full` of handlers.routes), → people.
    `cost` is đồng; `left` says how many messages of each kind it has left this month afterwards. `ends_at`: when the
    last one has it, ms UTC; None: nobody knows, for the account is suspended.
    """

    account: Account
    ways: Mapping[str, int]
    cost: int
    left: Mapping[str, int]
    ends_at: int | None

    @property
    def reached(self) -> int:
        """People who get it in person."""
        return sum(self.ways.get(way, 0) for way in (PLAIN, FREE, PAID, TEMPLATE))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen if it went out now. `begins_at` is later than now where people sleep; times are ms UTC."""

    shares: tuple[Share, ...]
    now: int
    begins_at: int
    urgent: bool
    ways: Mapping[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """Everybody it is for."""
        return sum(self.ways.values())

    @property
    def reached(self) -> int:
        """Those who get it in person."""
        return sum(one.reached for one in self.shares)

    @property
    def inside(self) -> int:
        """Those whose free window is open, because they wrote in the last 48 hours."""
        return self.ways.get(FREE, 0)

    @property
    def cost(self) -> int:
        """Đồng."""
        return sum(one.cost for one in self.shares)

    @property
    def ends_at(self) -> int | None:
        """When the last one has it; None when some account is suspended."""
        times = [one.ends_at for one in self.shares if one.reached]
        return None if None in times else max((at for at in times if at is not None), default=self.begins_at)

    @property
    def long(self) -> bool:
        """Whether loudspeakers and the groups of hamlets must start now."""
        return self.urgent and (self.ends_at is None or self.ends_at - self.now > LONG_MS)


def forecast(
    tx: Transaction,
    row: Announcement,
    pace: Pace,
    calls: Mapping[str, int],
    app_per_second: float = 0.0,
    articles: Collection[int] = (),
) -> Forecast:
    """What sending `row` now would mean.

    `calls`: channel → requests that its letter takes. `app_per_second`: what all OAs of one Zalo app share; 0: no
    limit. `articles`: accounts whose article would go out too.
    """
    kind, now = KINDS["zalo_oa"], tx.now
    free, paid = (now - (window or 0) + EDGE_MS for window in (kind.free_window_ms, kind.paid_window_ms))
    by_account: dict[int, list[Found]] = defaultdict(list)
    for one in forecasts.found(tx, row, free, paid):
        by_account[one.account_id].append(one)
    begins = quiet.morning(tx, row) or now
    plan = _Plan(tx, row, calls)
    shares = [
        plan.share(account, by_account[account.id or 0], (account.id or 0) in articles)
        for account in accounts.every(tx)
        if by_account.get(account.id or 0)
    ]
    waits = _seconds(tx, row, shares, pace, calls, app_per_second)
    held = None if quiet.night(tx, row) else quiet.hours_of(tx, row)[0]
    done = [_ending(one, waits[one.account.id or 0], begins, held) for one in shares]
    ways: Counter[str] = Counter()
    for share in done:
        ways.update(share.ways)
    return Forecast(tuple(done), now, begins, row.priority == "emergency", dict(ways))


class _Plan:
    """How each account would send: its terms, its month, its groups."""

    def __init__(self, tx: Transaction, row: Announcement, calls: Mapping[str, int]) -> None:
        self._tx, self._calls = tx, calls
        self._urgent, self._purpose = row.priority == "emergency", row.priority
        self._groups = groups.alive(tx, communes(row))

    def share(self, account: Account, found: list[Found], article: bool) -> Share:
        """One account's part; when it ends is not known yet."""
        number, terms = account.id or 0, agreed.of(account)
        used = quotas.used(self._tx, number, agreed.month(self._tx.now))
        purse, room = Purse(terms, used), self._room(number, terms)
        ways: Counter[str] = Counter()
        for one in sorted(found, key=lambda one: (one.window, one.commune, one.hamlet_key)):
            for way, people in self._ways(account, one, purse).items():
                stuck = way in routes.WHY and way != routes.FULL
                ways.update(_covered(one, way, people, article, room) if stuck else {way: people})
        left = {kind: max(0, limit - used.get(kind, 0) - purse.taken[kind])
                for kind in purse.taken if (limit := terms.limit(kind)) is not None}  # fmt: skip
        return Share(account, dict(ways), self._cost(terms, used.get("paid", 0), purse), left, None)

    def _ways(self, account: Account, one: Found, purse: Purse) -> dict[str, int]:
        calls = self._calls.get(account.channel, 1)
        if account.channel == "zalo_bot":
            went = purse.most("message", self._urgent, one.people, calls)
            return _some({PLAIN: went, routes.FULL: one.people - went})
        if account.channel != "zalo_oa":
            return {PLAIN: one.people}
        if one.window == "free":
            return {FREE: one.people}
        return self._outside(account, one, purse, calls)

    def _outside(self, account: Account, one: Found, purse: Purse, calls: int) -> dict[str, int]:
        """Who is outside the free window: paid for, by template, or not at all, as handlers.routes will decide."""
        terms, rest = agreed.of(account), one.people
        none, paid, template = routes.CLOSED if one.window == "closed" else routes.UNPAID, 0, 0
        if one.window == "paid" and terms.pays(self._urgent):
            paid, none = purse.most("paid", self._urgent, rest, calls), routes.SPENT
        if self._purpose in terms.templates:
            template, none = purse.most("template", self._urgent, rest - paid, 1), routes.SPENT
        return _some({PAID: paid, TEMPLATE: template, none: rest - paid - template})

    def _cost(self, terms: Terms, before: int, purse: Purse) -> int:
        """Đồng: what goes beyond the package's own messages, and templates."""
        after = before + purse.taken["paid"]
        beyond = max(0, after - terms.paid_included) - max(0, before - terms.paid_included)
        template = terms.templates.get(self._purpose)
        return beyond * terms.paid_price + (purse.taken["template"] * template.price if template else 0)

    def _room(self, account_id: int, terms: Terms) -> Counter[tuple[str, str]]:
        """Place → how many people the groups there hold, as far as anybody said; else as many as one may."""
        room: Counter[tuple[str, str]] = Counter()
        for one in self._groups:
            if one.account_id == account_id:
                room[one.commune, one.hamlet_key] += one.size or terms.group_size
        return room


def _covered(found: Found, way: str, people: int, article: bool, room: Counter[tuple[str, str]]) -> dict[str, int]:
    """Of people who cannot be written to, who sees it in a group or the article, and who does not. `room` is taken."""
    if article:
        return {COVERED: people}
    left, places = (
        people,
        [place for place in ((found.commune, found.hamlet_key), (found.commune, "")) if place in room],
    )
    for place in dict.fromkeys(places):
        taken = min(left, room[place])
        room[place] -= taken
        left -= taken
    return _some({COVERED: people - left, OVER if places else way: left})


def _some(ways: dict[str, int]) -> dict[str, int]:
    """Without the ways that nobody goes."""
    return {way: people for way, people in ways.items() if people}


def _seconds(
    tx: Transaction, row: Announcement, shares: Iterable[Share], pace: Pace, calls: Mapping[str, int], app: float
) -> dict[int, float]:
    """account → seconds of sending until its last one has it, with what goes before or beside it."""
    before: Counter[int] = Counter()
    for (account_id, lane), count in progress.queued(tx).items():
        if lane <= LANE[row.priority]:
            before[account_id] += count
    together: Counter[str] = Counter()
    own: dict[int, tuple[str, float]] = {}
    for one in shares:
        number, channel = one.account.id or 0, one.account.channel
        messages = before[number] + one.reached * calls.get(channel, 1)
        speed = pace(one.account)
        shared = one.account.app_id if channel == "zalo_oa" else ""
        own[number] = shared, messages / speed if speed else 0.0
        if shared:
            together[shared] += messages
    return {number: max(seconds, together[shared] / app if shared and app else 0.0)
            for number, (shared, seconds) in own.items()}  # fmt: skip


def _ending(one: Share, seconds: float, begins: int, held: Hours | None) -> Share:
    at = awake(begins, int(seconds * 1000), held) if one.account.status == "active" else None
    return Share(one.account, one.ways, one.cost, one.left, at)


def awake(start: int, ms: int, hours: Hours | None) -> int:
    """When `ms` of sending that begins at `start` (ms UTC) are over, if nothing is sent in quiet hours."""
    if hours is None or hours[0] == hours[1]:
        return start + ms
    while True:
        if within(*hours, minute(start)):
            start = ends(start, hours[1])
        evening = (hours[0] - minute(start)) % DAY * MINUTE_MS - start % MINUTE_MS
        if ms <= evening:
            return start + ms
        start, ms = start + evening, ms - evening
