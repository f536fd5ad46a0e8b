"""What is counted for Prometheus: how much, on which kind of channel, and how it ended; never who or what."""

from prometheus_client import Counter, Gauge

from bot.endings import Ending
from storage import Transaction, progress

HEARD = Counter("heard", "Events taken in from a platform", ["channel"])
ENDED = Counter("ended", "Requests to a platform or the source system, by how they ended", ["channel", "ending"])
QUEUED = Gauge("queued", "Deliveries that wait", ["channel"])


def heard(channel: str) -> None:
    """One event is safe with us."""
    HEARD.labels(channel).inc()


def ended(channel: str, ending: Ending) -> Ending:
    """One request has ended; the ending, for whoever goes on with it."""
    ENDED.labels(channel, type(ending).__name__.lower()).inc()
    return ending


def measure(tx: Transaction) -> None:
    """Count what waits, when somebody looks."""
    for channel, count in progress.queued_by_channel(tx).items():
        QUEUED.labels(channel).set(count)
