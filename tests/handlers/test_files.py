"""Files of citizens: a report holds so many, what is beyond is said, and what is dropped leaves the disk."""

from storage import Transaction, media
from storage.media import Media
from tests.handlers.stage import Stage, Villager
from tests.handlers.steps import DESCRIBED, FILED

HOUR_MS = 3_600_000


def test_one_report_asks_for_twenty_files_however_many_are_sent(stage: Stage, hoa: Villager) -> None:
    for line in DESCRIBED:
        hoa.say(line)
    said = [hoa.send_media() for _ in range(25)]
    assert len(stage.rows(Media)) == 20
    assert not any("giữ được 20 tệp" in one for one in said[19])
    assert any("giữ được 20 tệp" in one for one in said[20])


def test_photos_out_of_the_blue_are_bounded_too(stage: Stage, hoa: Villager) -> None:
    for _ in range(25):
        hoa.send_media()
    assert len(stage.rows(Media)) == 20


def test_a_filed_report_takes_some_more_and_no_more(stage: Stage, hoa: Villager) -> None:
    for line in FILED:
        hoa.say(line)
    for _ in range(45):
        hoa.send_media()
    assert len([one for one in stage.rows(Media) if one.report_id]) == 40


def _arrived(tx: Transaction) -> None:
    for row in media.wanted(tx):
        media.arrived(tx, row.id or 0, "a" * 64, "image/jpeg", 9)


def test_a_fetched_file_of_a_dropped_draft_leaves_the_disk_at_once(stage: Stage, hoa: Villager) -> None:
    hoa.send_media()
    stage.do(_arrived)
    hoa.say("2")
    assert stage.do(lambda tx: media.orphans(tx, tx.now - 24 * HOUR_MS)) == ["a" * 64]
    assert stage.rows(Media) == []
