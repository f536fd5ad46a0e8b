"""A clock that survives a wrong one: time never runs back, and a leap is believed only when it lasts."""

import threading
import time
from collections.abc import Callable

BACK_MS = 2_000  # less than this the wall clock is only being adjusted
LEAP_MS = 300_000  # more than this at once may be a mistake that is about to be corrected
DOUBT_MS = 60_000


class SteadyClock:
    """ms UTC. `wall` is ms UTC, `ticks` monotonic ms.

    When the wall clock is set back, time stands until the wall has caught up if that is soon; a longer step is a
    correction of what was wrong before, and is believed after a minute. So is a leap ahead: an alert that is valid for
    half an hour must not be dropped because a clock was wrong for a moment.
    """

    def __init__(self, wall: Callable[[], int], ticks: Callable[[], int] | None = None) -> None:
        self._wall = wall
        self._ticks = ticks or (lambda: time.monotonic_ns() // 1_000_000)
        self._offset = wall() - self._ticks()
        self._doubted_since: int | None = None
        self._alone = threading.Lock()

    def __call__(self) -> int:
        """Now, ms UTC; any thread may ask."""
        with self._alone:
            return self._now()

    def _now(self) -> int:
        ticks = self._ticks()
        step = self._wall() - ticks - self._offset  # how far the wall has moved against the ticks
        if -BACK_MS <= step <= LEAP_MS:
            self._doubted_since = None
            self._offset += max(0, step)
        elif self._doubted_since is None:
            self._doubted_since = ticks
        elif ticks - self._doubted_since >= DOUBT_MS:
            self._offset, self._doubted_since = self._offset + step, None
        return ticks + self._offset
