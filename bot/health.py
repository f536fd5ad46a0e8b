"""What endings say about a whole account: throttled, broken, or its platform is down."""

from collections.abc import Callable

import structlog

from bot.endings import Ending, Later, Unknown
from bot.pace import Budget

log = structlog.get_logger()
OUTAGE = 5  # failures in a row after which the platform counts as down
LONGEST_OUTAGE_WAIT = 60.0
Limits = Callable[[], tuple[float, float] | None]  # what the platform last said of its own limit, where that is news


class Health:
    """Heeds every ending of an account. `suspended`: nothing can be sent until a person repairs it."""

    def __init__(self, budget: Budget, limits: Limits) -> None:
        self._budget, self._limits = budget, limits
        self._failures = 0
        self.suspended = False

    def heed(self, ending: Ending, account: str) -> None:
        """What an ending means for everybody else."""
        told = self._limits()
        if told:
            self._budget.own.correct(*told)
        if isinstance(ending, Later) and ending.budget:
            self._budget.stop(ending.wait, ending.app)
        if isinstance(ending, Later) and ending.suspend:
            self.suspended = True
            log.error("account suspended", account=account, why=ending.why)
        self._count(isinstance(ending, Unknown) or (isinstance(ending, Later) and ending.outage))

    def _count(self, failed: bool) -> None:
        """Stop when nothing gets through: one in a while tries whether it is back, the others keep their attempts.

        What was under way when it was stopped fails as well, and says nothing new.
        """
        if not failed:
            self._failures = 0
        elif not self._budget.stopped:
            self._failures += 1
            if self._failures >= OUTAGE:
                self._budget.stop(min(LONGEST_OUTAGE_WAIT, 2.0 ** min(self._failures - OUTAGE, 9)))
