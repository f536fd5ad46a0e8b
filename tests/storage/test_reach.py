"""Proof of reach: who got it how soon, who did not and why, hamlet by hamlet; and who was missed lately."""

import pytest

from storage import Database, Transaction, progress, reach
from storage.announcements import Announcement
from tests.storage.people import DAY_MS, HERE, THERE, follower
from tests.storage.sent import ended, published


def place(tx: Transaction, row: Announcement, hamlet: str = "tau", commune: str = HERE) -> reach.Place:
    """What the proof says of one hamlet."""
    return next(one for one in reach.of(tx, row).places if (one.commune, one.hamlet_key) == (commune, hamlet))


@pytest.mark.parametrize(
    ("after", "band"),
    [(0, "30s"), (30_000, "30s"), (30_001, "5min"), (300_000, "5min"), (300_001, "later"), (DAY_MS, "later")],
)
def test_how_soon_counts_from_the_publication_to_the_sending(database: Database, after: int, band: str) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", after=after)
        assert place(tx, row).told == {band: 1}


def test_every_end_is_counted_once_and_as_what_it_is(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", 5, why="lần trước bị chậm lại")
        ended(tx, row, "sent", 1, resent=True)
        ended(tx, row, "gone", 2, why="đã chặn")
        ended(tx, row, "expired", 1, why="quá hạn")
        for state in ("unknown", "covered", "queued", "withdrawn"):
            ended(tx, row, state)
        one = place(tx, row)
    assert one.missed == {("gone", "đã chặn"): 2, ("expired", "quá hạn"): 1}
    assert (one.reached, one.unknown, one.covered, one.waiting, one.stopped, one.again) == (6, 1, 1, 1, 1, 1)
    assert one.people == 12, "whoever wanted no more is not counted"
    assert one.coverage == 50
    assert one.low


def test_who_saw_at_most_a_post_for_everybody_was_not_reached(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", 1, route="group", address_id=None)
        ended(tx, row, "never", 1, route="article", address_id=None)
        ended(tx, row, "covered", 9, route="group")
        ended(tx, row, "sent", 1)
        found, numbers = reach.of(tx, row), progress.of(tx, row.id or 0)
        one = place(tx, row)
    assert (one.reached, one.covered, one.coverage) == (1, 9, 10)
    assert (found.posts, numbers.posts) == (2, 2)
    assert numbers.people == {"sent": 1, "covered": 9}


def test_hamlets_and_communes_stand_apart_and_add_up(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", 3)
        ended(tx, row, "sent", 2, hamlet_key="")
        ended(tx, row, "gone", 1, commune=THERE)
        found = reach.of(tx, row)
        whole = reach.together(found.places)
    assert [(one.commune, one.hamlet_key, one.people) for one in found.places] == [
        (HERE, "", 2), (HERE, "tau", 3), (THERE, "tau", 1)]  # fmt: skip
    assert (whole.reached, whole.people, whole.coverage) == (5, 6, 83)


def test_a_hamlet_is_called_what_most_people_call_it(database: Database) -> None:
    with database.transaction() as tx:
        for name in ("ban tau", "Bản Tâu", "Bản Tâu", "BẢN TÂU", ""):
            follower(tx, hamlet=name)
        names = reach.spellings(tx, [HERE])
    assert list(names.values()) == ["Bản Tâu"]


def test_followers_who_had_left_before_are_counted_apart(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx, days_ago=1)
        for gone_at in (0, row.published_at - 1, row.published_at + 1):
            follower(tx, since=row.published_at - DAY_MS).gone_at = gone_at
        follower(tx, since=row.published_at - DAY_MS, stopped_at=1).gone_at = 1
        follower(tx, since=row.published_at + 1).gone_at = 1
        tx.session.flush()
        assert reach.lost(tx, row, [HERE]) == 1


def test_the_numbers_say_who_waits_who_was_tried_and_why_not(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", 3)
        ended(tx, row, "unknown", 1, why="không trả lời", resent=True)
        ended(tx, row, "gone", 2, why="đã chặn")
        ended(tx, row, "queued", 4)
        ended(tx, row, "claimed", 1)
        found = progress.of(tx, row.id or 0)
    assert (found.total, found.waiting, found.tried, found.missed, found.again) == (11, 5, 6, 2, 1)
    assert found.why == {("gone", "đã chặn"): 2, ("unknown", "không trả lời"): 1}
    assert not found.partly


def test_reasons_are_read_of_a_bounded_number_and_that_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REASONS_FROM", 2)
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "gone", 3, why="đã chặn")
        found = progress.of(tx, row.id or 0)
    assert found.why == {("gone", "đã chặn"): 2}
    assert found.partly


def test_what_ended_lately_without_reaching_everybody_is_listed(database: Database) -> None:
    with database.transaction() as tx:
        for days_ago, state, more in ((1, "gone", {}), (1, "queued", {}), (9, "gone", {}), (1, "sent", {}),
                                      (1, "gone", {"stopped_at": 1}), (1, "gone", {"commune": THERE})):  # fmt: skip
            row = published(tx, days_ago, **more)
            ended(tx, row, "gone", 2)
            ended(tx, row, state)
        full = published(tx, 1)
        ended(tx, full, "sent", 5)
        unclear = published(tx, 1, priority="routine")
        ended(tx, unclear, "unknown", 3)
        since = tx.now - 3 * DAY_MS
        found = [(row.priority, people, unknown) for row, people, unknown in progress.missed(tx, HERE, since)]
        everywhere = progress.missed(tx, "", since)
    assert found == [("emergency", 2, 0), ("emergency", 3, 0), ("routine", 0, 3)]
    assert len(everywhere) == 4


def test_the_queue_is_counted_by_account_and_lane_without_what_is_held(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "queued", 2)
        ended(tx, row, "queued", 1, lane=5)
        ended(tx, row, "queued", 1, held="window")
        ended(tx, row, "sent", 1)
        number = next(iter(progress.channels(tx)))
        assert progress.queued(tx) == {(number, 0): 2, (number, 5): 1}
        assert progress.queued_count(tx, number) == 3
