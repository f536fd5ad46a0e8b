"""Leaving acts at once; one's own data is shown, exported and erased, and what the law keeps leads to nobody."""

from dataclasses import replace
from typing import Any

import pytest

from handlers import answers, privacy
from storage import Transaction
from storage.citizens import Address, Citizen, Consent, Follow
from storage.media import Media
from storage.outbox import Delivery
from storage.reports import Report
from tests.handlers.stage import DAY_MS, Stage, Villager
from tests.handlers.steps import DESCRIBED, NAMED, WHERE


@pytest.fixture
def named(hoa: Villager) -> Villager:
    """Somebody who reported under their name."""
    for line in (*NAMED, "bản Tâu", "0912345678"):
        hoa.say(line)
    return hoa


def test_leaving_stops_what_is_queued_and_offers_emergencies_alone(stage: Stage, hoa: Villager) -> None:
    stage.publish("Lịch tiêm chủng", "routine")
    said = hoa.say("ngừng")
    assert [one.split("\n")[0][:9] for one in said] == ["Đã ngừng."]
    assert "1. Chỉ nhận tin khẩn cấp" in said[0]
    assert [one.state for one in stage.rows(Delivery) if one.announcement_id] == ["withdrawn"]
    stage.publish("Lịch tiêm chủng tuần sau", "routine")
    stage.publish("LŨ QUÉT bản Tâu")
    assert hoa.arrives() == []


def test_emergencies_alone_still_come(stage: Stage, hoa: Villager) -> None:
    hoa.say("ngừng")
    hoa.say("1")
    stage.publish("Lịch tiêm chủng", "routine")
    stage.publish("LŨ QUÉT bản Tâu")
    assert ["LŨ QUÉT" in one for one in hoa.arrives()] == [True]


def test_coming_back_brings_what_is_still_in_force(stage: Stage, hoa: Villager) -> None:
    hoa.say("ngừng")
    stage.publish("LŨ QUÉT bản Tâu")
    alert, again = hoa.say("nhận lại như cũ")
    assert "LŨ QUÉT" in alert
    assert "lại nhận tin của xã Thanh Nưa" in again


BACK = {
    "by its words": (("nhận lại như cũ",), ["given", "withdrawn", "given"]),
    "for emergencies alone": (("1",), ["given", "withdrawn", "given"]),
    "by another commune": (("theo dõi xã Tân Khai", "1"), ["given", "withdrawn", "given"]),
    "not at all": (("ngừng",), ["given", "withdrawn"]),
}


@pytest.mark.parametrize(("lines", "kept"), BACK.values(), ids=BACK.keys())
def test_stopping_and_coming_back_are_written_down_and_nothing_is_forgotten(
    stage: Stage, hoa: Villager, lines: tuple[str, ...], kept: list[str]
) -> None:
    hoa.say("ngừng")
    for line in lines:
        hoa.say(line)
    evidence = stage.rows(Consent)
    assert [one.action for one in evidence] == kept
    assert all(len(one.text_hash) == 64 for one in evidence)
    assert "03328" in [one.commune for one in stage.rows(Follow)]


def test_one_sees_what_is_kept(named: Villager) -> None:
    [shown] = named.say("dữ liệu của tôi")
    for part in ("xã Thanh Nưa", "Lò Thị Hoa", "+84912345678", "bản Tâu", named.report().code, "UBND tỉnh Điện Biên"):
        assert part in shown


def test_the_export_is_behind_a_link_that_only_we_can_write(stage: Stage, named: Villager) -> None:
    named.say("dữ liệu của tôi")
    token = named.say("1")[0].rpartition("/data/")[2]

    def exported(token: str) -> dict[str, Any] | None:
        return stage.do(lambda tx: privacy.exported(tx, token))

    data = exported(token)
    assert data is not None
    assert (data["name"], data["reports"][0]["text"]) == ("Lò Thị Hoa", "cột điện nghiêng, sắp đổ")
    number, rest = token.split(".", 1)
    for forged in (f"{int(number) + 1}.{rest}", token[:-2] + "xx", "", "1", "1.2", "١.٢.k1.x", "1." + "9" * 99 + ".x"):
        assert exported(forged) is None
    stage.wait(2 * DAY_MS)
    assert exported(token) is None


def test_the_export_holds_what_was_told_and_answered(stage: Stage, named: Villager) -> None:
    report, official = named.report(), stage.official()
    stage.do(lambda tx: answers.by_official(tx, _again(tx, report), official, "answered", "Đã dựng lại.", stage.know))
    [kept] = stage.do(lambda tx: privacy.gathered(tx, _citizen(tx, named)))["reports"]
    assert (kept["name"], kept["phone"], kept["hamlet"]) == ("Lò Thị Hoa", "+84912345678", "bản Tâu")
    assert [one["text"] for one in kept["events"]] == ["Đã dựng lại."]


def _again(tx: Transaction, row: Report) -> Report:
    return tx.session.get(Report, row.id) or row


def _citizen(tx: Transaction, who: Villager) -> Citizen:
    found = who.known(tx)
    assert found
    return found[0]


def test_the_place_of_an_erased_persons_case_goes_when_it_is_settled(stage: Stage, named: Villager) -> None:
    for line in ("ngừng nhận tin", "3", "1"):
        named.say(line)
    report, official = named.report(), stage.official()
    assert (report.citizen_id, bool(report.place_sealed)) == (None, True)
    stage.do(lambda tx: answers.by_official(tx, _again(tx, report), official, "answered", "Đã dựng lại.", stage.know))
    assert named.report().place_sealed == ""


def test_a_link_dies_with_the_person_even_if_their_number_is_given_out_again(stage: Stage, named: Villager) -> None:
    named.say("dữ liệu của tôi")
    token = named.say("1")[0].rpartition("/data/")[2]
    for line in ("xóa dữ liệu", "1"):
        named.say(line)
    stage.wait(1000)
    stage.follower()
    assert stage.do(lambda tx: privacy.exported(tx, token)) is None


def test_without_a_page_of_ours_the_export_comes_into_the_chat(stage: Stage, named: Villager) -> None:
    named.know = replace(named.know, manners=replace(named.know.manners, public_url=""))
    named.say("dữ liệu của tôi")
    assert '"name":"Lò Thị Hoa"' in "".join(named.say("1"))


def test_erasing_leaves_nothing_that_leads_to_the_person(stage: Stage, named: Villager) -> None:
    stage.publish("Lịch tiêm chủng", "routine")
    for line in DESCRIBED:
        named.say(line)
    named.send_media()
    named.say("ngừng nhận tin")
    named.say("3")
    said = named.say("1")
    assert "Đã xóa hết" in said[0]
    for table in (Citizen, Address, Follow, Media):
        assert stage.rows(table) == [], table
    [report] = stage.rows(Report)
    kept = (report.citizen_id, report.address_id, report.name_sealed, report.phone_sealed, report.hamlet)
    assert kept == (None, None, "", "", "")
    assert stage.database.vault.open(report.text_sealed) == "cột điện nghiêng, sắp đổ"
    assert report.place_sealed, "an open case still needs its place"
    assert {one.address_id for one in stage.rows(Delivery)} == {None}
    assert not [one for one in stage.rows(Delivery) if one.state == "queued" and one.report_id is None]
    # NGỪNG took back the news, the erasure took back everything
    assert [one.action for one in stage.rows(Consent)] == ["given", "withdrawn", "withdrawn"]


def test_a_settled_report_loses_its_place_too(stage: Stage, named: Villager) -> None:
    report, official = named.report(), stage.official()
    stage.do(lambda tx: answers.by_official(tx, tx.add(report), official, "closed", "Đã dựng lại.", stage.know))
    named.say("xóa dữ liệu")
    named.say("1")
    assert named.report().place_sealed == ""


def test_zalos_own_erasure_does_the_same_without_a_word(stage: Stage, named: Villager) -> None:
    assert named.withdraw() == []
    assert stage.rows(Citizen) == []
    assert named.report().citizen_id is None


def test_an_erasure_asked_by_a_stranger_writes_nothing_down(stage: Stage, zalo: Villager) -> None:
    assert (zalo.withdraw(), zalo.unfollow()) == ([], [])
    assert (stage.rows(Citizen), stage.rows(Consent)) == ([], [])


def test_whoever_was_erased_gets_no_letter(stage: Stage, named: Villager) -> None:
    report, official = named.report(), stage.official()
    named.withdraw()
    fresh = named.report()
    stage.do(lambda tx: answers.by_official(tx, tx.add(fresh), official, "answered", "Xong rồi.", stage.know))
    assert report.id == fresh.id
    assert named.arrives() == []


def test_the_next_person_with_the_same_number_sees_nothing_of_the_last(stage: Stage, named: Villager) -> None:
    named.withdraw()
    stage.wait(1000)
    other = stage.follower()
    citizen = other.citizen()
    assert citizen is not None
    gathered = stage.do(lambda tx: privacy.gathered(tx, citizen))
    assert [one["action"] for one in gathered["consents"]] == ["given"]
    assert gathered["reports"] == []


def test_keeping_everything_is_one_word(hoa: Villager) -> None:
    hoa.say("xóa dữ liệu")
    assert "Vẫn giữ nguyên" in hoa.say("giữ nguyên")[0]
    assert hoa.citizen() is not None


def test_beside_an_official_the_bot_is_quiet_except_for_danger_and_leaving(stage: Stage, hoa: Villager) -> None:
    def pause(tx: Transaction) -> None:
        found = hoa.known(tx)
        assert found
        found[1].paused_until = tx.now + DAY_MS
        tx.session.add(found[1])

    for line in WHERE:
        hoa.say(line)
    stage.do(pause)
    assert hoa.say("chị ơi em gửi rồi đó") == []
    assert hoa.send_media() == []
    assert hoa.step() == "report.describe"
    assert hoa.say("cháy nhà rồi cứu với")[0].startswith("NGUY HIỂM")
    assert hoa.say("ngừng nhận tin")[0].startswith("Đã ngừng")
