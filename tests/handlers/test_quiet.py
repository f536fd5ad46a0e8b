"""Quiet hours: who sleeps is not woken by news that can wait, and gets it in the morning."""

from typing import Any

import pytest

from content import hours
from handlers import corrections, quiet
from handlers.announcements import publish
from storage import Transaction, announcements, communes, ledger, publishing
from storage.outbox import Delivery
from tests.handlers.stage import HOUR_MS, THANH_NUA, Stage, Villager
from tests.handlers.test_digests import at

NIGHT = 23 * HOUR_MS


def may_go(stage: Stage) -> list[Any]:
    """What a sender may send now of what it claimed."""
    number = stage.made["zalo_oa"]
    return stage.do(lambda tx: quiet.hold(tx, ledger.claim(tx, number, 1, 100).rows))


@pytest.mark.parametrize(("priority", "goes"), [("emergency", 1), ("priority", 0), ("routine", 0)])
def test_at_night_only_emergencies_go(stage: Stage, hoa: Villager, priority: str, goes: int) -> None:
    at(stage, NIGHT)
    stage.publish("Tin", priority)
    assert len(may_go(stage)) == goes


def test_what_is_held_is_queued_for_the_morning_and_was_no_attempt(stage: Stage, hoa: Villager) -> None:
    at(stage, NIGHT)
    stage.publish("Họp bản", "routine")
    assert may_go(stage) == []
    row = stage.rows(Delivery)[-1]
    assert (row.state, row.attempts, hours.minute(row.due_at)) == ("queued", 0, 6 * 60)
    assert 0 < row.due_at - stage.clock() <= 7 * HOUR_MS
    at(stage, 6 * HOUR_MS)
    assert len(may_go(stage)) == 1


def test_by_day_everything_goes_and_answers_go_always(stage: Stage, hoa: Villager) -> None:
    at(stage, 9 * HOUR_MS)
    stage.publish("Họp bản", "routine")
    assert len(may_go(stage)) == 1
    at(stage, NIGHT)
    hoa.posted = False
    hoa.say("trợ giúp")
    assert len(may_go(stage)) == 1


def test_the_commune_and_then_the_citizen_decide(stage: Stage, hoa: Villager) -> None:
    at(stage, 20 * HOUR_MS + 60_000)
    stage.publish("Họp bản", "routine")
    stage.do(lambda tx: communes.set_hours(tx, THANH_NUA, 20 * 60, 5 * 60))
    assert may_go(stage) == []
    assert hours.minute(stage.rows(Delivery)[-1].due_at) == 5 * 60
    at(stage, 5 * HOUR_MS)
    hoa.posted = False
    hoa.say("đừng nhắn từ 20 giờ đến 7 giờ")
    assert [row.lane for row in may_go(stage)] == [1], "the answer"
    at(stage, 7 * HOUR_MS)
    assert len(may_go(stage)) == 1


def test_the_writer_may_choose_the_night(stage: Stage, hoa: Villager) -> None:
    at(stage, NIGHT)
    number = stage.publish("Họp bản", "routine")

    def choose(tx: Transaction) -> None:
        row = announcements.of(tx, number)
        assert row
        row.at_night = True

    stage.do(choose)
    assert len(may_go(stage)) == 1


HOURS: dict[str, tuple[str, int, int, bool, str]] = {
    # priority; when it is sent, and when what it corrects ends, hours of the day; whether its writer chose the night
    "of routine news, at night": ("routine", 23, 48, False, ""),
    "of priority news, at night": ("priority", 23, 48, False, ""),
    "of an emergency": ("emergency", 23, 48, False, "urgent"),
    "of what was sent at night on purpose": ("routine", 23, 48, True, "chosen"),
    "of what ends before the morning": ("routine", 23, 28, False, "ends"),
    "of what ends in the coming night": ("routine", 20, 23, False, "ends"),
    "of what ends in the evening": ("routine", 10, 20, False, ""),
    "of what has ended": ("routine", 23, 22, False, ""),
}


@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
@pytest.mark.parametrize("label", HOURS)
def test_a_correction_rings_at_night_only_where_it_must(stage: Stage, hoa: Villager, label: str, kind: str) -> None:
    priority, hour, until, chosen, why = HOURS[label]
    at(stage, 9 * HOUR_MS)
    midnight = stage.clock() - 9 * HOUR_MS
    number = stage.publish("Họp bản", priority)
    hoa.arrives()
    at(stage, hour * HOUR_MS)
    lan, minh = stage.official(), stage.official()

    def correct(tx: Transaction) -> int:
        original = announcements.of(tx, number)
        assert original
        original.at_night, original.valid_until = chosen, midnight + until * HOUR_MS
        row = corrections.draft(tx, original, lan, kind, stage.know)
        assert quiet.night(tx, row) == why
        wakes = bool(why) or hour < 21
        assert bool(quiet.morning(tx, row)) is not wakes
        assert quiet.problems(row, tx.now, quiet.hours_of(tx, row)) == []
        row.status = "waiting"
        assert publish(tx, row, minh, stage.know, two_people=True)
        while publishing.advance(tx, 1000):
            pass
        return int(wakes)

    expected = stage.do(correct)
    assert len(may_go(stage)) == expected


def test_a_whole_commune_is_put_to_bed_at_once_but_for_who_is_awake(stage: Stage, hoa: Villager) -> None:
    stage.do(lambda tx: _many(tx, stage.made["zalo_oa"], 150))
    at(stage, NIGHT)
    hoa.say("giờ nhận tin")
    hoa.say("2")
    stage.publish("Họp bản", "routine")
    assert may_go(stage) == []
    left = [row.address_id for row in stage.rows(Delivery, Delivery.lane == 5, Delivery.due_at <= stage.clock())]
    address = hoa.address()
    assert address
    assert left == [address.id]


def _many(tx: Transaction, account_id: int, people: int) -> None:
    for number in range(people):
        tx.put(Delivery(account_id=account_id, chat=f"c{number}", lane=5, due_at=0, commune=THANH_NUA,
                        created_at=0))  # fmt: skip


SPANS = {
    "20h-6h": (1200, 360),
    "8 gio toi den 5 gio sang": (1200, 300),
    "tám giờ tối tới năm giờ sáng": (1200, 300),
    "9 giờ đến 5 giờ": (1260, 300),
    "21:30 - 4:30": (1290, 270),
    "25h-6h": None,
    "6h-6h": None,
    "20 6": None,
}


@pytest.mark.parametrize(("said", "meant"), SPANS.items(), ids=SPANS.keys())
def test_two_hours_as_people_say_them(said: str, meant: tuple[int, int] | None) -> None:
    assert hours.span(said) == meant


@pytest.mark.parametrize("said", ["xã không nhận hồ sơ từ 11h đến 13h", "mất điện từ 7h đến 11h", "đừng nhắn nữa"])
def test_hours_of_something_else_are_no_wish(said: str) -> None:
    assert hours.wish(said) is None


def test_ones_own_hours_are_asked_for_said_back_and_given_up(stage: Stage, hoa: Villager) -> None:
    assert "từ 21 giờ 30 đến 6 giờ" in hoa.say("giờ nhận tin")[0]
    assert "mấy giờ" in hoa.say("1")[0]
    assert "chưa rõ" in hoa.say("20 6")[0]
    assert "từ 20 giờ đến 5 giờ" in hoa.say("20h đến 5h")[0]
    hoa.say("đừng nhắn ban đêm")
    assert "từ 21 giờ 30 đến 6 giờ" in hoa.say("3")[0]
    citizen = hoa.citizen()
    assert citizen
    assert (citizen.quiet_from, citizen.stopped_at) == (-1, 0)
