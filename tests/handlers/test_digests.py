"""The day's letter: one a day, nothing ends `sent` before it was sent, and whatever became void is left out."""

from typing import Any

from handlers import digests
from storage import Transaction, announcements, ledger, takeover
from storage import digests as rows
from storage.outbox import Delivery
from tests.handlers.stage import DAY_MS, HOUR_MS, Stage, Villager

EVENING = 17 * HOUR_MS


def at(stage: Stage, ms: int) -> None:
    """Go on to the next time the clock of the day shows `ms` after midnight."""
    passed = (stage.clock() + 7 * HOUR_MS) % DAY_MS
    stage.wait((ms - passed) % DAY_MS)


def reader(stage: Stage) -> Villager:
    """Somebody who wants the day's letter; it is nine in the morning."""
    at(stage, 9 * HOUR_MS)
    one = stage.follower()
    assert "17 giờ" in one.say("gộp tin")[-1]
    return one


def publish(stage: Stage, title: str) -> int:
    """Routine news that holds for two days."""
    number = stage.publish(title, "routine", spread=False)

    def go(tx: Transaction) -> None:
        from storage.audience import spread_range

        row = announcements.of(tx, number)
        assert row
        row.valid_until = tx.now + 2 * DAY_MS
        while row.status == "publishing":
            spread_range(tx, row, 1000)

    stage.do(go)
    return number


def compose(stage: Stage) -> None:
    """What the clock does."""

    def run(tx: Transaction) -> None:
        people = rows.readers(tx, 0, 100)
        digests.compose(tx, stage.know, rows.waiting(tx, people, digests.last_moment(tx.now)))

    stage.do(run)


def take(stage: Stage) -> list[Any]:
    """What a sender claims now."""

    def run(tx: Transaction) -> list[Any]:
        got = digests.current(tx, ledger.claim(tx, stage.made["zalo_oa"], 1, 50).rows)
        digests.begin(tx, 1, got)
        return got

    return stage.do(run)


def settle(stage: Stage, row: Any, changes: dict[str, Any]) -> None:
    def run(tx: Transaction) -> None:
        ledger.settle(tx, 1, [(row.id, changes)])
        digests.settled(tx, 1, [(row, changes)])

    stage.do(run)


def states(stage: Stage) -> list[str]:
    """How the news stands, oldest first."""
    return [row.state for row in stage.rows(Delivery) if row.announcement_id]


def test_a_day_of_news_comes_in_one_letter_with_titles_and_codes(stage: Stage) -> None:
    hoa = reader(stage)
    for title in ("Họp bản", "Tiêm phòng", "Cúp điện"):
        publish(stage, title)
    assert hoa.waiting() == []
    compose(stage)
    assert hoa.waiting() == [], "not before five"
    at(stage, EVENING + 1000)
    compose(stage)
    compose(stage)
    [letter] = hoa.arrives()
    assert letter.startswith("Tin trong ngày của xã Thanh Nưa: 3 tin.")
    codes = [row.code for row in stage.rows(announcements.Announcement)]
    assert all(f"Mã {code}" in letter for code in codes)
    assert "Lên chỗ cao" in hoa.say(codes[1].lower())[0]


def test_what_stands_alone_goes_with_its_own_words(stage: Stage) -> None:
    hoa = reader(stage)
    publish(stage, "Họp bản")
    at(stage, EVENING + 1000)
    compose(stage)
    [letter] = hoa.arrives()
    assert letter.startswith("Họp bản")


def test_rows_are_sent_when_their_letter_was_sent_and_not_before(stage: Stage) -> None:
    reader(stage)
    publish(stage, "Họp bản")
    publish(stage, "Tiêm phòng")
    at(stage, EVENING + 1000)
    compose(stage)
    assert states(stage) == ["queued", "queued"]
    [row] = take(stage)
    assert states(stage) == ["claimed", "claimed"]
    settle(stage, row, {"state": "queued", "why": "máy bận"})
    assert states(stage) == ["queued", "queued"]
    [row] = take(stage)
    settle(stage, row, {"state": "sent", "sent_at": stage.clock()})
    assert states(stage) == ["sent", "sent"]
    assert all(one.sent_at for one in stage.rows(Delivery) if one.announcement_id)


def test_after_a_crash_it_goes_once_more_and_then_no_more(stage: Stage) -> None:
    reader(stage)
    publish(stage, "Họp bản")
    publish(stage, "Tiêm phòng")
    at(stage, EVENING + 1000)
    compose(stage)
    take(stage)
    stage.do(lambda tx: takeover.crashed(tx, [stage.made["zalo_oa"]]))
    compose(stage)
    [row] = take(stage)
    assert row.resent
    stage.do(lambda tx: takeover.crashed(tx, [stage.made["zalo_oa"]]))
    compose(stage)
    assert take(stage) == []
    assert states(stage) == ["unknown", "unknown"]


def test_a_letter_of_which_a_part_was_withdrawn_is_written_anew(stage: Stage) -> None:
    hoa = reader(stage)
    for title in ("Họp bản", "Tiêm phòng", "Cúp điện"):
        publish(stage, title)
    at(stage, EVENING + 1000)
    compose(stage)

    def stop(tx: Transaction) -> None:
        row = announcements.of_commune(tx, "")[-1]
        row.stopped_at = tx.now
        tx.add(row)

    stage.do(stop)
    assert take(stage) == []
    compose(stage)
    [letter] = hoa.arrives()
    assert "2 tin" in letter
    assert "Họp bản" not in letter


def test_a_letter_the_platform_refuses_ends_its_rows_with_it(stage: Stage) -> None:
    reader(stage)
    publish(stage, "Họp bản")
    publish(stage, "Tiêm phòng")
    at(stage, EVENING + 1000)
    compose(stage)
    [row] = take(stage)
    settle(stage, row, {"state": "gone", "why": "đã chặn"})
    assert states(stage) == ["gone", "gone"]


def test_who_wants_no_letter_any_more_gets_what_waits_at_once(stage: Stage) -> None:
    hoa = reader(stage)
    publish(stage, "Họp bản")
    publish(stage, "Tiêm phòng")
    said = hoa.say("thôi gộp tin")
    assert any("có tin là gửi ngay" in one for one in said)
    assert sum(one.startswith(("Họp bản", "Tiêm phòng")) for one in said) == 2


def test_an_emergency_is_never_gathered(stage: Stage) -> None:
    hoa = reader(stage)
    stage.publish("LŨ QUÉT")
    assert "LŨ QUÉT" in hoa.waiting()[0]
