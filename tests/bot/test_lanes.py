"""Which goes next: emergencies, a tenth for answers, and nobody starves."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.lanes import LOWER, Hand, Share
from storage.ledger import Due
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, RETRY, ROUTINE, STATUS

ONE = Due(0, 1, 1, 1, "", ROUTINE, 0, None, 0, 0, "", 0, 0, "", False, False, None, None, "", 0)
lanes = st.lists(st.integers(EMERGENCY, ROUTINE), max_size=60)


def rows(wanted: list[int]) -> list[Due]:
    """A row for each lane, each to a chat of its own."""
    return [replace(ONE, id=number, chat=str(number), lane=lane) for number, lane in enumerate(wanted)]


def hand(wanted: list[int], urgent: bool = False, saved: float = 1) -> Hand:
    """A hand that holds them."""
    made = Hand(Share(saved))
    made.add(rows(wanted))
    made.urgent = urgent
    return made


def everything(held: Hand) -> list[int]:
    """The lanes of all that goes, in order."""
    gone = []
    while (row := held.pick(lambda _chat: True)) is not None:
        gone.append(row.lane)
    return gone


def test_lanes_go_in_their_order() -> None:
    held = hand([ROUTINE, PRIORITY, STATUS, CONVERSATION, EMERGENCY])
    assert everything(held) == [EMERGENCY, CONVERSATION, STATUS, PRIORITY, ROUTINE]


@given(lanes)
def test_nothing_lower_begins_while_an_emergency_is_due(wanted: list[int]) -> None:
    held = hand(wanted, urgent=True)
    assert set(everything(held)) <= {EMERGENCY, CONVERSATION}


@given(lanes, st.sets(st.integers(0, 59)))
def test_nothing_is_lost_and_a_busy_chat_waits(wanted: list[int], busy: set[int]) -> None:
    held = hand(wanted)
    gone = []
    while (row := held.pick(lambda chat: int(chat) not in busy)) is not None:
        gone.append(row.id)
    left = [row.id for row in held.put_down(range(ROUTINE + 1))]
    assert not busy & set(gone)
    assert sorted(gone + left) == list(range(len(wanted)))
    assert len(held) == 0


@given(lanes)
def test_within_a_lane_the_oldest_goes_first(wanted: list[int]) -> None:
    held, last = hand(wanted), Counter[int]()
    while (row := held.pick(lambda _chat: True)) is not None:
        assert row.id >= last[row.lane]
        last[row.lane] = row.id


def test_answers_have_a_tenth_of_an_emergency_s_time() -> None:
    held = hand([EMERGENCY] * 900 + [CONVERSATION] * 300, urgent=True, saved=1)
    gone = [held.pick(lambda _chat: True) for _ in range(500)]
    talk = [number for number, row in enumerate(gone) if row and row.lane == CONVERSATION]
    assert 45 <= len(talk) <= 51
    assert max(after - before for before, after in pairwise(talk)) <= 11


def test_what_was_saved_answers_the_first_who_ask_at_once() -> None:
    held = hand([EMERGENCY] * 20 + [CONVERSATION] * 5, urgent=True, saved=3)
    assert everything(held)[:4] == [CONVERSATION] * 3 + [EMERGENCY]


def test_without_an_emergency_answers_are_not_counted() -> None:
    held = hand([CONVERSATION] * 50)
    assert everything(held) == [CONVERSATION] * 50


def test_retries_and_the_lower_lanes_take_turns() -> None:
    gone = everything(hand([RETRY] * 20 + [ROUTINE] * 10 + [STATUS] * 10))
    assert {gone[number] in LOWER for number in range(1, 40, 2)} == {True}
    assert {gone[number] for number in range(0, 40, 2)} == {RETRY}


def test_a_letter_s_next_part_comes_before_others_of_its_lane() -> None:
    held = hand([ROUTINE, ROUTINE])
    held.go_on(replace(ONE, id=99, chat="x", lane=ROUTINE))
    first = held.pick(lambda _chat: True)
    assert first is not None
    assert first.id == 99


def test_half_of_a_small_hand_may_be_retries_whoever_went_last() -> None:
    held = hand([])
    assert held.again(2) == 1
    held.add(rows([RETRY]))
    assert held.again(1) == 0
    assert everything(held) == [RETRY]
    assert held.again(1) == 0  # it was a retry's turn: of two that may come one by one, now a lower one
    held.add(rows([ROUTINE]))
    assert held.again(1) == 1
