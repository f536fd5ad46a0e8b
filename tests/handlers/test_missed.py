"""What could not be told is told at the first chance, once: emergencies, corrections, what waits for a window."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, update

from handlers import announcements as written
from handlers import corrections, routes
from storage import Transaction, accounts, announcements, ledger, publishing
from storage.citizens import Address
from storage.ledger import Due
from storage.outbox import EMERGENCY, RETRY, Delivery
from tests.handlers.stage import DAY_MS, HOUR_MS, Stage, Villager


def _refused(tx: Transaction) -> None:
    """Zalo refuses it because the window is closed, as `bot.consequences` writes it down."""
    tx.session.execute(update(Delivery).where(col(Delivery.announcement_id).is_not(None)).values(state="never"))
    tx.session.execute(update(Address).values(holds=True))


def _blocked(tx: Transaction) -> None:
    tx.session.execute(update(Delivery).where(col(Delivery.announcement_id).is_not(None)).values(state="gone"))
    tx.session.execute(update(Address).values(gone_at=tx.now))


def _covered(tx: Transaction) -> None:
    """The group of their hamlet has it, and nobody knows who reads that."""
    tx.session.execute(update(Delivery).where(col(Delivery.announcement_id).is_not(None)).values(state="covered"))
    tx.session.execute(update(Address).values(holds=True))


MISSED = {
    "the window was closed": _refused,
    "they had blocked the account": _blocked,
    "only a group or an article had it": _covered,
}


@pytest.mark.parametrize("missed", MISSED.values(), ids=MISSED.keys())
def test_it_is_the_first_thing_said_when_they_write_again(
    stage: Stage, hoa: Villager, missed: Callable[[Transaction], None]
) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    stage.do(missed)
    assert "LŨ QUÉT" in hoa.say("xin chào")[0]
    assert [one.state for one in stage.rows(Delivery) if one.announcement_id] == ["sent"]
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))


def test_who_was_away_when_it_was_published_is_told_on_their_return(stage: Stage, hoa: Villager) -> None:
    hoa.unfollow()
    stage.publish("LŨ QUÉT bản Tâu")
    assert hoa.arrives() == []
    assert "LŨ QUÉT" in hoa.follow()[0]


def test_who_stopped_while_it_was_queued_and_comes_back_is_told(stage: Stage, hoa: Villager) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    hoa.say("ngừng")
    assert "LŨ QUÉT" in hoa.say("nhận lại như cũ")[0]


def test_who_stopped_stays_in_peace(stage: Stage, hoa: Villager) -> None:
    hoa.say("ngừng")
    hoa.unfollow()
    stage.publish("LŨ QUÉT bản Tâu")
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))


# ---- what waits for a window that opens now ----


def agree(stage: Stage, **terms: Any) -> None:
    """The account has these terms."""

    def run(tx: Transaction) -> None:
        row = accounts.named(tx, "zalo_oa")
        assert row is not None
        row.settings = json.dumps({"terms": terms})
        tx.add(row)

    stage.do(run)


def silent(stage: Stage, ms: int) -> None:
    """Nobody has written for so long."""
    stage.do(lambda tx: tx.session.execute(update(Address).values(heard_at=tx.now - ms)))


def sends(stage: Stage, changes: dict[str, Any] | None = None) -> list[Due]:
    """What the account's sender would send now; each ends so, or stays claimed."""

    def run(tx: Transaction) -> list[Due]:
        row = accounts.named(tx, "zalo_oa")
        assert row is not None
        rows = routes.choose(tx, row, ledger.claim(tx, row.id or 0, 1, 10).rows)
        if changes:
            ledger.settle(tx, 1, [(one.id, changes) for one in rows])
            routes.settled(tx, row, [(one, changes) for one in rows])
        return rows

    return stage.do(run)


SPENT: dict[str, tuple[dict[str, Any], str]] = {
    "an emergency, the month's messages are used up": ({"spend": "yes", "paid_per_month": 0}, "emergency"),
    "priority news, the month's messages are used up": ({"spend": "yes", "paid_per_month": 0}, "priority"),
}


@pytest.mark.parametrize("label", SPENT)
def test_what_waits_for_the_next_month_goes_as_soon_as_they_write(stage: Stage, hoa: Villager, label: str) -> None:
    terms, priority = SPENT[label]
    agree(stage, **terms)
    silent(stage, 3 * DAY_MS)
    number = stage.publish("LŨ QUÉT bản Tâu", priority)
    assert sends(stage) == []
    hoa.posted = False
    hoa.say("xin chào")
    went = [*sends(stage, {"state": "sent"}), *sends(stage, {"state": "sent"})]  # one a chat at a time
    assert [row.route for row in went if row.announcement_id == number] == ["free"]


@pytest.mark.parametrize("wait", [HOUR_MS, DAY_MS], ids=["-218, an hour", "-144, tomorrow"])
def test_what_the_platform_put_off_goes_as_soon_as_they_write(stage: Stage, hoa: Villager, wait: int) -> None:
    agree(stage, **{"template.emergency": "T1"})
    silent(stage, 8 * DAY_MS)
    number = stage.publish("LŨ QUÉT bản Tâu")
    later = {"state": "queued", "due_at": stage.clock() + wait, "why": "hết lượt", "attempts": 1, "lane": RETRY}
    assert [row.route for row in sends(stage, later)] == ["template"]
    hoa.posted = False
    hoa.say("xin chào")
    [row] = sends(stage)
    assert (row.announcement_id, row.route, row.lane) == (number, "free", EMERGENCY)


def test_a_pause_of_a_moment_is_kept(stage: Stage, hoa: Villager) -> None:
    agree(stage)
    number = stage.publish("LŨ QUÉT bản Tâu")
    sends(stage, {"state": "queued", "due_at": stage.clock() + 5000, "why": "bận", "attempts": 1, "lane": RETRY})
    hoa.posted = False
    hoa.say("xin chào")
    assert number not in [row.announcement_id for row in sends(stage)]


# ---- what takes back something they know ----


def take_back(stage: Stage, number: int, kind: str = "withdrawal") -> int:
    """Correct or withdraw an announcement, and write down who is to be told; its id."""
    official, second = stage.official(), stage.official()

    def run(tx: Transaction) -> int:
        original = announcements.of(tx, number)
        assert original is not None
        row = corrections.draft(tx, original, official, kind, stage.know)
        row.status = "waiting"
        assert written.publish(tx, row, second, stage.know, two_people=True)
        while publishing.advance(tx, 1000):
            pass
        return row.id or 0

    return stage.do(run)


def states(stage: Stage, number: int) -> list[str]:
    """How the deliveries of an announcement stand."""
    return [row.state for row in stage.rows(Delivery, col(Delivery.announcement_id) == number)]


@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
@pytest.mark.parametrize("priority", ["emergency", "priority", "routine"])
def test_who_knows_what_was_taken_back_is_told_on_their_return(
    stage: Stage, hoa: Villager, priority: str, kind: str
) -> None:
    agree(stage)
    number = stage.publish("LŨ QUÉT bản Tâu", priority)
    hoa.arrives()
    notice = take_back(stage, number, kind)
    silent(stage, 8 * DAY_MS)
    assert sends(stage) == []
    assert states(stage, notice) == ["never"]
    mark = {"correction": "đính chính", "withdrawal": "rút lại"}[kind]
    said = hoa.say("xin chào")
    assert sum(mark in one.lower() and "LŨ QUÉT" in one for one in said) == 1
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))
    assert states(stage, notice) == ["sent"]


def test_who_had_left_is_told_on_their_return(stage: Stage, hoa: Villager) -> None:
    number = stage.publish("LŨ QUÉT bản Tâu")
    hoa.arrives()
    hoa.unfollow()
    notice = take_back(stage, number)
    assert states(stage, notice) == ["gone"]
    assert any("RÚT LẠI" in one for one in hoa.follow())


def test_who_never_had_it_hears_nothing_of_its_withdrawal(stage: Stage, hoa: Villager) -> None:
    number = stage.publish("LŨ QUÉT bản Tâu")
    stage.do(_refused)
    take_back(stage, number)
    assert not any("LŨ QUÉT" in one for one in hoa.say("xin chào"))


def test_who_wants_emergencies_alone_hears_of_no_other_correction(stage: Stage, hoa: Villager) -> None:
    routine, urgent = stage.publish("Họp thôn", "routine"), stage.publish("LŨ QUÉT bản Tâu")
    hoa.arrives()
    hoa.say("ngừng")
    hoa.say("1")  # emergencies only
    hoa.unfollow()
    take_back(stage, routine)
    take_back(stage, urgent)
    said = hoa.follow()
    assert any("LŨ QUÉT" in one for one in said)
    assert not any("Họp thôn" in one for one in said)


def test_of_several_corrections_the_last_is_told(stage: Stage, hoa: Villager) -> None:
    number = stage.publish("LŨ QUÉT bản Tâu")
    hoa.arrives()
    hoa.unfollow()
    first = take_back(stage, number, "correction")
    take_back(stage, first)
    said = [one for one in hoa.follow() if "LŨ QUÉT" in one]
    assert len(said) == 1
    assert "RÚT LẠI" in said[0]
