"""A pace is kept as the platform counts: by arrival, in half-open windows, whatever the latency."""

import heapq
import random
from collections import defaultdict, deque
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pace import RAMP_SECONDS, Budget, Chats, Limit


class Ticks:
    """A monotonic clock that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def most_in_a_window(arrivals: Iterable[float], window: float) -> int:
    """The fullest half-open window."""
    held: deque[float] = deque()
    most = 0
    for at in sorted(arrivals):
        held.append(at)
        while at - held[0] >= window - 1e-9:  # the rounding of floats is not the platform's
            held.popleft()
        most = max(most, len(held))
    return most


class Platform:
    """Requests that arrive at any moment between their start and their answer; starts are when a budget allows."""

    def __init__(self, ticks: Ticks, dice: random.Random, latency: float) -> None:
        self.ticks, self._dice, self._latency = ticks, dice, latency
        self.arrivals: dict[int, list[float]] = defaultdict(list)
        self._flying: list[tuple[float, int, Budget]] = []
        self.begun = 0

    def send(self, account: int, budget: Budget) -> float:
        """Begin one if there is a slot; how long to wait otherwise."""
        wait = budget.wait()
        if wait == 0:
            budget.take()
            took = self._dice.random() * self._latency
            self.arrivals[account].append(self.ticks.now + self._dice.random() * took)
            self.begun += 1
            heapq.heappush(self._flying, (self.ticks.now + took, self.begun, budget))
        return wait

    def pass_time(self, seconds: float) -> None:
        """Let time go by, answers landing on the way."""
        end = self.ticks.now + seconds
        while self._flying and self._flying[0][0] <= end:
            at, _, budget = heapq.heappop(self._flying)
            self.ticks.now = max(self.ticks.now, at)
            budget.land()
        self.ticks.now = end

    def run(self, budgets: list[Budget], seconds: float) -> None:
        """All accounts send whenever they may."""
        end = self.ticks.now + seconds
        while self.ticks.now < end:
            waits = [self.send(number, budget) for number, budget in enumerate(budgets)]
            self.pass_time(max(0.0005, min(waits)))


limits = st.sampled_from([(30.0, 1.0), (28.5, 1.0), (100.0, 60.0), (7.0, 2.0), (1.0, 1.0)])


@given(limits, st.floats(0, 3), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_no_window_holds_more_than_the_limit(limit: tuple[float, float], latency: float, seed: int) -> None:
    ticks = Ticks()
    platform = Platform(ticks, random.Random(seed), latency)
    platform.run([Budget(Limit(*limit, clock=ticks))], limit[1] * 4)
    assert most_in_a_window(platform.arrivals[0], limit[1]) <= limit[0]


@given(st.integers(0, 2**32), st.floats(0, 0.5))
@settings(max_examples=20, deadline=None)
def test_accounts_of_one_app_share_its_limit_and_keep_their_own(seed: int, latency: float) -> None:
    ticks = Ticks()
    shared = [Limit(40, 10.0, ticks)]
    budgets = [Budget(Limit(15, 10.0, ticks), shared) for _ in range(4)]
    platform = Platform(ticks, random.Random(seed), latency)
    platform.run(budgets, 35)
    assert most_in_a_window([at for held in platform.arrivals.values() for at in held], 10.0) <= 40
    assert all(most_in_a_window(held, 10.0) <= 15 for held in platform.arrivals.values())


@given(st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0.2, 9))
@settings(max_examples=30, deadline=None)
def test_a_restart_at_any_moment_breaks_nothing(seed: int, latency: float, life: float) -> None:
    ticks = Ticks()
    platform = Platform(ticks, random.Random(seed), latency)
    platform.run([Budget(Limit(20, 5.0, ticks))], life)
    # What was open counts as sent at the moment of the takeover; what had ended, when it ended.
    ended = [at for at, _, _ in platform._flying]
    again = Limit(20, 5.0, ticks)
    told = [min(at + latency, ticks.now) for at in platform.arrivals[0]] + [ticks.now] * len(ended)
    again.seed(ticks.now - at for at in told if at > ticks.now - 5.0)
    platform._flying.clear()
    platform.run([Budget(again)], 12)
    assert most_in_a_window(platform.arrivals[0], 5.0) <= 20


def test_almost_the_whole_limit_is_used_where_answers_are_quick() -> None:
    for limit, window in ((28.0, 1.0), (100.0, 60.0)):
        ticks = Ticks()
        platform = Platform(ticks, random.Random(1), window / 200)
        platform.run([Budget(Limit(limit, window, ticks))], window * 20)
        assert len(platform.arrivals[0]) >= 0.98 * limit * 20


def test_a_stop_is_heeded_and_the_pace_grows_again_slowly() -> None:
    ticks = Ticks()
    limit = Limit(30, 1.0, ticks)
    platform = Platform(ticks, random.Random(1), 0.01)
    limit.stop(40)
    platform.run([Budget(limit)], 39.9)
    assert platform.begun == 0
    platform.run([Budget(limit)], 1.1)
    assert 1 <= platform.begun <= 12
    platform.run([Budget(limit)], RAMP_SECONDS)
    before = platform.begun
    platform.run([Budget(limit)], 1.0)
    assert platform.begun - before >= 29


def test_the_platform_s_own_word_about_its_limit_counts() -> None:
    ticks = Ticks()
    limit = Limit(100, 60.0, ticks)
    limit.correct(20, 20)
    platform = Platform(ticks, random.Random(1), 0.1)
    platform.run([Budget(limit)], 70)
    assert most_in_a_window(platform.arrivals[0], 60.0) <= 20


@pytest.mark.parametrize("told", [100.0, 4000.0])
def test_a_platform_s_word_lifts_no_limit_that_was_set(told: float) -> None:
    ticks = Ticks()
    limit = Limit(40, 60.0, ticks)
    limit.correct(20, 20)
    limit.correct(told, told - 1)
    assert (limit.limit, limit.taken) == (40, 0)  # what many share is no news about our own


def test_a_stop_of_the_whole_app_stops_every_account_of_it() -> None:
    ticks = Ticks()
    shared = [Limit(60, 60.0, ticks)]
    one, other = (Budget(Limit(30, 60.0, ticks), shared) for _ in range(2))
    one.stop(10)
    assert (one.stopped, other.stopped) == (10, 0)
    one.stop(20, app=True)
    assert (one.stopped, other.stopped) == (20, 20)


def test_calls_of_somebody_else_leave_fewer_for_us() -> None:
    ticks = Ticks()
    limit = Limit(100, 60.0, ticks)
    limit.correct(100, 30)  # 70 are used, none of them by us
    platform = Platform(ticks, random.Random(1), 0.1)
    platform.run([Budget(limit)], 59)
    assert len(platform.arrivals[0]) <= 30


def test_no_limit_is_no_wait() -> None:
    limit = Limit(0, 1.0, Ticks())
    for _ in range(1000):
        assert limit.wait() == 0
        limit.take()
        limit.land()


def test_a_shared_slot_is_kept_for_an_emergency() -> None:
    ticks = Ticks()
    shared = Limit(60, 60.0, ticks)
    urgent, other = Budget(Limit(0, 1, ticks), [shared]), Budget(Limit(0, 1, ticks), [shared])
    for _ in range(2):  # one that was overslept may be made up for
        other.take()
    wait = urgent.wait(first=True)
    assert wait == pytest.approx(1.0)
    ticks.now += wait
    assert other.wait() > 0
    assert urgent.wait(first=True) == 0


def test_one_chat_has_one_request_at_a_time_and_a_gap_after_it() -> None:
    ticks = Ticks()
    chats = Chats(1.0, clock=ticks)
    chats.take("a")
    assert chats.wait("a") == float("inf")
    assert chats.wait("b") == 0
    ticks.now += 5
    chats.land("a")
    assert chats.wait("a") == pytest.approx(1.0)
    assert chats.busy() == {"a": pytest.approx(1.0)}
    ticks.now += 1
    assert (chats.wait("a"), chats.busy()) == (0, {})


def test_a_group_takes_twenty_a_minute() -> None:
    ticks = Ticks()
    chats, sent = Chats(0.0, 20, ticks), []
    while ticks.now < 1000 + 180:
        if chats.wait("-100123") == 0:
            chats.take("-100123")
            sent.append(ticks.now)
            chats.land("-100123")
        ticks.now += 0.5
    assert 55 <= len(sent) <= 60
    assert most_in_a_window(sent, 60.0) <= 20


def test_chats_that_are_free_again_are_forgotten() -> None:
    ticks = Ticks()
    chats = Chats(1.0, 20, ticks)
    for number in range(-500, 500):
        chats.take(str(number))
        chats.land(str(number))
    ticks.now += 61
    assert chats.busy() == {}
    assert not chats._last
    assert not chats._groups
