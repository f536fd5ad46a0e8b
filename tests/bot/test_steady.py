"""Time never runs back, and a leap is believed only when it lasts."""

from hypothesis import given
from hypothesis import strategies as st

from bot.steady import DOUBT_MS, LEAP_MS, SteadyClock

HOUR = 3_600_000
START = 1_790_000_000_000


class Machine:
    """A machine whose wall clock somebody sets."""

    def __init__(self) -> None:
        self.ticks, self.wall = 5_000, START
        self.clock = SteadyClock(lambda: self.wall, lambda: self.ticks)

    def runs(self, ms: int) -> int:
        """Let time go by; what the clock says then."""
        self.ticks += ms
        self.wall += ms
        return self.clock()


def test_it_goes_with_the_wall() -> None:
    machine = Machine()
    assert machine.runs(1000) == START + 1000
    machine.wall += 1500  # adjusted by the network's time
    assert machine.runs(0) == START + 2500


def test_an_hour_back_changes_nothing_at_once_and_is_believed_after_a_minute() -> None:
    machine = Machine()
    machine.wall -= HOUR
    assert machine.runs(1000) == START + 1000
    assert machine.runs(DOUBT_MS) == machine.wall


def test_an_hour_ahead_for_a_moment_drops_nothing() -> None:
    machine = Machine()
    machine.wall += HOUR
    assert machine.runs(1000) == START + 1000
    machine.wall -= HOUR
    assert machine.runs(DOUBT_MS * 2) == START + 1000 + DOUBT_MS * 2


def test_an_hour_ahead_that_lasts_is_believed() -> None:
    machine = Machine()
    machine.wall += HOUR
    machine.runs(1000)
    assert machine.runs(DOUBT_MS) == machine.wall


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(-2 * HOUR, 2 * HOUR)), max_size=30))
def test_it_never_leaps_by_surprise(steps: list[tuple[int, int]]) -> None:
    machine = Machine()
    before, quiet = machine.clock(), 0
    for passed, moved in steps:
        machine.wall += moved
        now = machine.runs(passed)
        quiet += passed
        if quiet < DOUBT_MS:  # nothing can have lasted a minute yet
            assert 0 <= now - before - passed <= LEAP_MS
        before = now
