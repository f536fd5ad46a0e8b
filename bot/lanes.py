"""Lanes: which of the claimed deliveries goes next. Pure: it knows no clock and no network."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from storage.ledger import Due
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, RETRY, ROUTINE, STATUS

TALK = 0.1  # of each budget that answers keep while an emergency goes out
LOWER = (STATUS, PRIORITY, ROUTINE)


class Share:
    """How many answers may go between the messages of an emergency: a tenth of all, saved up to `most`."""

    def __init__(self, most: float) -> None:
        self._most = max(1.0, most)
        self._saved = self._most

    @property
    def room(self) -> int:
        """Answers that may go now."""
        return int(self._saved)

    def went(self, lane: int, urgent: bool) -> None:
        """A message of `lane` began; outside an emergency answers are not counted."""
        if lane == EMERGENCY:
            self._saved = min(self._most, self._saved + TALK / (1 - TALK))
        elif urgent and lane == CONVERSATION:
            self._saved = max(0.0, self._saved - 1)


class Hand:
    """What a sender has claimed and not begun.

    Emergencies first, then answers, then news of reports and the rest in the order of their lanes; emergencies
    that failed before take turns with those, so that they block nobody. While `urgent`, first attempts of an
    emergency are due: nothing begins but these, and the answers' share.
    """

    def __init__(self, share: Share) -> None:
        self.share = share
        self.urgent = False
        self._lanes: dict[int, deque[Due]] = {lane: deque() for lane in range(ROUTINE + 1)}
        self._retried = False  # whose turn it is: a retry or a lower lane

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def __iter__(self) -> Iterator[Due]:
        return (row for lane in self._lanes.values() for row in lane)

    def add(self, rows: Iterable[Due]) -> None:
        """Rows just claimed, in their order."""
        for row in rows:
            self._lanes[row.lane].append(row)

    def go_on(self, row: Due) -> None:
        """A letter whose next part may go: before anything else of its lane."""
        self._lanes[row.lane].appendleft(row)

    def pick(self, free: Callable[[str], bool]) -> Due | None:
        """Take out the next row whose chat is free, if anything may go now."""
        for lane in self._order():
            for row in self._lanes[lane]:
                if free(row.chat):
                    self._lanes[lane].remove(row)
                    self._went(row)
                    return row
        return None

    def _order(self) -> tuple[int, ...]:
        if self.urgent:
            # An answer's slot is its own: it goes first as long as the tenth is not used up.
            return (CONVERSATION, EMERGENCY) if self.share.room else (EMERGENCY,)
        later = (*LOWER, RETRY) if self._retried else (RETRY, *LOWER)
        return (EMERGENCY, CONVERSATION, *later)

    def _went(self, row: Due) -> None:
        self.share.went(row.lane, self.urgent)
        if row.lane not in (EMERGENCY, CONVERSATION):
            self._retried = row.lane == RETRY

    def again(self, room: int) -> int:
        """How many emergencies that failed before may come into `room`, so that half of what is held is lower."""
        return (len(self) + room + (not self._retried)) // 2 - len(self._lanes[RETRY])

    def put_down(self, lanes: Iterable[int]) -> list[Due]:
        """Take out everything of some lanes: it goes back to the queue."""
        rows = [row for lane in lanes for row in self._lanes[lane]]
        for lane in lanes:
            self._lanes[lane].clear()
        return rows
