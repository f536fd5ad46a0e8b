"""What is counted for Prometheus: how much, on which kind of channel, and how it ended; never who or what."""

from collections import Counter as Sum

from prometheus_client import Counter, Gauge

from bot.endings import Ending
from storage import Transaction, outbox, progress

HEARD = Counter("heard", "Events taken in from a platform", ["channel"])
ENDED = Counter("ended", "Requests to a platform or the source system, by how they ended", ["channel", "ending"])
EXPIRED = Counter("expired", "Deliveries that were past their time before their turn came")
AGAIN = Counter("resent", "Second copies, sent because it was unclear whether the first had come")
QUEUED = Gauge("queued", "Deliveries that wait for their turn", ["channel"])
IN_LANE = Gauge("queued_in_lane", "Deliveries that wait for their turn, by lane", ["lane"])
LANES = {outbox.EMERGENCY: "emergency", outbox.CONVERSATION: "conversation", outbox.RETRY: "retry",
         outbox.STATUS: "status", outbox.PRIORITY: "priority", outbox.ROUTINE: "routine"}  # fmt: skip


def heard(channel: str) -> None:
    """One event is safe with us."""
    HEARD.labels(channel).inc()


def ended(channel: str, ending: Ending, again: bool = False) -> Ending:
    """One request has ended, of a second copy if `again`; the ending, for whoever goes on with it."""
    AGAIN.inc(int(again))
    ENDED.labels(channel, type(ending).__name__.lower()).inc()
    return ending


def expired(count: int) -> None:
    """So many were swept out of the queue."""
    EXPIRED.inc(count)


def measure(tx: Transaction) -> None:
    """Count what waits, when somebody looks."""
    names = progress.channels(tx)
    channels, lanes = Sum(dict.fromkeys(names.values(), 0)), Sum(dict.fromkeys(LANES, 0))
    for (account_id, lane), count in progress.queued(tx).items():
        lanes[lane] += count
        if account_id in names:
            channels[names[account_id]] += count
    for channel, count in channels.items():
        QUEUED.labels(channel).set(count)
    for lane, count in lanes.items():
        IN_LANE.labels(LANES[lane]).set(count)
