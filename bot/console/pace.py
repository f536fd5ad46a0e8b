"""How fast accounts send: as their platforms have told it, else as the settings say."""

from collections import Counter
from collections.abc import Callable, Iterable

from bot.context import Context
from bot.senders import own_limit
from storage.accounts import Account

Pace = Callable[[Account], float]  # messages a second; 0: its platform sets no limit


def paces(known: Context) -> Pace:
    """Each account's pace. What this process sends for was corrected by the platform's own count."""
    return lambda one: known.fleet.senders.rate(one.id or 0) or own_limit(one.channel, known.settings).per_second


def longest(queues: Iterable[tuple[Account, int]], pace: Pace, app: float) -> float | None:
    """Seconds until the last account has made so many calls; None where no platform sets a limit.

    `app`: calls a second that all OAs of one Zalo app share; 0: no limit.
    """
    seconds: list[float] = []
    together: Counter[str] = Counter()
    for account, calls in queues:
        speed = pace(account)
        seconds += [calls / speed] if speed else []
        if app and account.channel == "zalo_oa" and account.app_id:
            together[account.app_id] += calls
    return max([*seconds, *(calls / app for calls in together.values())], default=None)
