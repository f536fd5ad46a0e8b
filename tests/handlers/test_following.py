"""Following a commune: by link, name, former name or pin; consent in one message and one reply."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from content.units import Gazetteer
from content.units.loader import DATA
from handlers import Knowledge
from storage.citizens import Consent, Follow
from tests.handlers.stage import AN_TOAN, TAN_KHAI, THANH_NUA, XA_DUNG, Stage, Villager


def communes(stage: Stage) -> list[str]:
    return [one.commune for one in stage.rows(Follow)]


@pytest.mark.parametrize("channel", ["zalo_oa", "zalo_bot", "telegram"])
def test_the_commune_in_a_link_is_confirmed_by_one_reply(stage: Stage, channel: str) -> None:
    villager = stage.villager(channel)
    [asked] = villager.start(f"xa-{THANH_NUA}")
    for part in ("xã Thanh Nưa, tỉnh Điện Biên", "UBND tỉnh Điện Biên giữ", "NGỪNG", "mật khẩu"):
        assert part in asked
    assert communes(stage) == []
    [welcomed] = villager.say("1")
    assert "Bà con sẽ nhận tin của xã Thanh Nưa" in welcomed
    assert communes(stage) == [THANH_NUA]


def test_the_evidence_of_consent_names_the_words_that_were_shown(stage: Stage, zalo: Villager) -> None:
    [asked] = zalo.start(f"xa-{THANH_NUA}")
    zalo.say("đồng ý")
    [kept] = stage.rows(Consent)
    shown = asked.partition("\n\n1. ")[0]
    assert (kept.action, kept.version) == ("given", 1)
    assert kept.text_hash == hashlib.sha256(shown.encode()).hexdigest()


@pytest.mark.parametrize("agreed", ["1", "Đồng ý", "dong y", "dung", "ok", "vâng ạ", "nhận tin", "👍", "số 1", "một"])
def test_consent_takes_the_number_or_words(stage: Stage, zalo: Villager, agreed: str) -> None:
    zalo.start(f"xa-{THANH_NUA}")
    zalo.say(agreed)
    assert communes(stage) == [THANH_NUA]


@pytest.mark.parametrize("refused", ["không", "khong", "thôi", "0"])
def test_no_is_no(stage: Stage, zalo: Villager, refused: str) -> None:
    zalo.start(f"xa-{THANH_NUA}")
    [said] = zalo.say(refused)
    assert "không gửi tin" in said
    assert (communes(stage), stage.rows(Consent)) == ([], [])


NAMES = [
    ("with marks", "xã Thanh Nưa, Điện Biên", "xã Thanh Nưa, tỉnh Điện Biên", THANH_NUA),
    ("without", "xa thanh nua dien bien", "xã Thanh Nưa, tỉnh Điện Biên", THANH_NUA),
    ("a former name", "Tân Khai, Hớn Quản", "phường Tân Khai, thành phố Đồng Nai", TAN_KHAI),
    ("a name that is also a word", "An Toàn", "xã An Toàn, tỉnh Gia Lai", AN_TOAN),
    ("decomposed letters", "Xã Thanh Nưa, Điện Biên", "xã Thanh Nưa, tỉnh Điện Biên", THANH_NUA),
]


@pytest.mark.parametrize(("typed", "understood", "code"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_a_name_is_understood_and_said_back(
    stage: Stage, zalo: Villager, typed: str, understood: str, code: str
) -> None:
    zalo.follow()
    assert understood in zalo.say(typed)[-1]
    zalo.say("1")
    assert communes(stage) == [code]


def test_when_several_fit_it_asks(stage: Stage, zalo: Villager) -> None:
    [asked] = zalo.say("Xa Dung")
    assert "1. Xã Xa Dung, tỉnh Điện Biên" in asked
    assert "2. Xã Tà Đùng, tỉnh Lâm Đồng" in asked
    assert "xã Xa Dung" in zalo.say("1")[-1]
    zalo.say("1")
    assert communes(stage) == [XA_DUNG]


def test_where_a_commune_was_divided_it_asks_for_the_hamlet(zalo: Villager) -> None:
    asked = zalo.say("phường Cống Vị, quận Ba Đình")[-1]
    assert "phường Cống Vị cũ" in asked
    assert "trưởng thôn" in asked


def test_when_very_many_fit_it_asks_for_the_province(stage: Stage, zalo: Villager) -> None:
    [asked] = zalo.say("Tân Thành")
    assert "tỉnh nào" in asked
    assert asked.count("\n") <= 8
    assert "Tân Thành, tỉnh Lạng Sơn" in zalo.say("lạng sơn")[-1]


def test_the_province_may_be_one_that_was_not_offered(zalo: Villager) -> None:
    zalo.say("Tân Thành")
    zalo.say("5")
    assert "Tân Thành, tỉnh Thanh Hóa" in zalo.say("Thanh Hóa")[-1]


def test_a_province_alone_asks_for_the_commune_in_it(zalo: Villager) -> None:
    assert "của tỉnh đó" in zalo.say("Thái Nguyên")[-1]
    asked = zalo.say("Tân Thành")[-1]
    assert "Thái Nguyên" in asked
    assert "Lạng Sơn" not in asked


def test_none_of_those_asks_again(zalo: Villager) -> None:
    zalo.say("Xa Dung")
    zalo.say("3")
    assert zalo.step() == "commune.which"


def test_a_pin_offers_the_communes_around_it(stage: Stage, zalo: Villager) -> None:
    [asked] = zalo.pin(21.43, 103.0)
    assert "1. Xã Thanh Nưa, tỉnh Điện Biên" in asked
    zalo.say("1")
    zalo.say("1")
    assert communes(stage) == [THANH_NUA]


def test_a_pin_in_the_sea_asks_for_the_name(zalo: Villager) -> None:
    assert "chưa tìm ra" in zalo.pin(0.0, 0.0)[0]
    assert zalo.step() == "commune.which"


def test_a_word_that_is_no_place_is_asked_about_and_the_question_stays(zalo: Villager) -> None:
    zalo.follow()
    assert "chưa tìm ra nơi này" in zalo.say("Qwertz")[0]
    assert zalo.step() == "commune.which"


@pytest.mark.parametrize(("key", "relation"), [("1", "home"), ("que toi", "village"), ("Người thân", "relative")])
def test_each_further_commune_is_followed_for_a_reason(stage: Stage, hoa: Villager, key: str, relation: str) -> None:
    assert "Kênh hiểu là phường Tân Khai" in hoa.say("Tân Khai, Hớn Quản")[0]
    hoa.say(key)
    assert [(one.commune, one.relation) for one in stage.rows(Follow)] == [(THANH_NUA, "home"), (TAN_KHAI, relation)]


def test_one_of_several_communes_is_left(stage: Stage, hoa: Villager) -> None:
    hoa.say("Tân Khai, Hớn Quản")
    hoa.say("2")
    [asked] = hoa.say("xã của tôi")
    assert "2. Thôi nhận tin phường Tân Khai" in asked
    hoa.say("2")
    assert communes(stage) == [THANH_NUA]


def test_hamlet_and_topics_come_later_if_at_all(stage: Stage, hoa: Villager) -> None:
    hoa.say("#xa-25357")
    hoa.say("2")
    hoa.say("1")
    assert "bản Tâu" in hoa.say("bản Tâu")[0]
    hoa.say("chủ đề")
    hoa.say("3 4")
    rows = {one.commune: one for one in stage.rows(Follow)}
    assert (rows[TAN_KHAI].hamlet, rows[THANH_NUA].hamlet) == ("bản Tâu", "")
    assert rows[THANH_NUA].topics == "health,services,policy,farming"


def test_questions_and_danger_are_served_before_consent(stage: Stage, zalo: Villager) -> None:
    zalo.start(f"xa-{THANH_NUA}")
    answered, reminded = zalo.say("lam khai sinh cho con can gi")
    assert "60 ngày" in answered
    assert "nhắn 1" in reminded
    assert "112" in zalo.say("cứu với, cháy nhà rồi")[0]
    assert "Kênh tin của UBND xã Thanh Nưa" in zalo.say("không phải")[-1]
    zalo.say("1")
    assert communes(stage) == [THANH_NUA]


def test_an_emergency_in_force_is_the_first_message_before_consent(stage: Stage, zalo: Villager) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    stage.publish("Lịch tiêm chủng", "routine")
    alert, asked = zalo.start(f"xa-{THANH_NUA}")
    assert "KHẨN: LŨ QUÉT bản Tâu" in alert
    assert "Kênh tin của UBND" in asked
    assert len(zalo.say("1")) == 1, "it was sent already, and nothing else that is old"


def test_an_expired_emergency_is_not_sent(stage: Stage, zalo: Villager) -> None:
    stage.publish("LŨ QUÉT bản Tâu")
    stage.wait(25 * 3_600_000)
    assert len(zalo.start(f"xa-{THANH_NUA}")) == 1


@pytest.mark.parametrize("payload", ["#xa-99999", "#admin", "#", "#xa-03328;drop", "#xa-٠٣٣٢٨"])
def test_a_payload_typed_by_hand_is_looked_up_and_never_trusted(stage: Stage, zalo: Villager, payload: str) -> None:
    assert "không dùng được" in zalo.say(payload)[0]
    assert communes(stage) == []


def test_bat_dau_is_no_payload(zalo: Villager) -> None:
    assert "Chào bà con" in zalo.say("bắt đầu")[0]


@pytest.fixture
def merged(stage: Stage, tmp_path: Path) -> Knowledge:
    """Thanh Nưa was merged into Xa Dung while people followed it."""
    folder = tmp_path / "units"
    shutil.copytree(DATA, folder)
    communes_file, former_file = folder / "communes.csv", folder / "former_communes.csv"
    head, *rows = communes_file.read_text("utf-8").splitlines()
    ended = [f"{row},{'2026-10-31' * row.startswith(THANH_NUA)}" for row in rows]
    communes_file.write_text("\n".join([f"{head},valid_to", *ended]), "utf-8")
    with former_file.open("a", encoding="utf-8") as file:
        file.write(f"11,Tỉnh Điện Biên,,,{THANH_NUA},Xã Thanh Nưa,{XA_DUNG},whole\n")
    return replace(stage.know, gazetteer=Gazetteer.load(folder))


def test_a_commune_that_is_no_more_breaks_nothing_for_those_who_follow_it(hoa: Villager, merged: Knowledge) -> None:
    hoa.know = merged
    assert "đang nhận tin của xã Thanh Nưa" in hoa.follow()[0]
    for said in ("xin chào", "xã", "ngừng", "nhận tin", "đường hỏng quá", "1", "gần cầu treo", "xong"):
        assert hoa.say(said)


def test_its_old_poster_leads_to_what_it_became(zalo: Villager, merged: Knowledge) -> None:
    zalo.know = merged
    assert "xã Xa Dung" in zalo.start("xa-03328")[-1]


def test_whoever_left_and_comes_back_finds_everything_as_it_was(stage: Stage, hoa: Villager) -> None:
    assert hoa.unfollow() == []
    gone = hoa.address()
    assert gone is not None
    assert gone.gone_at
    assert "đang nhận tin của xã Thanh Nưa" in hoa.follow()[0]
    back = hoa.address()
    assert back is not None
    assert back.gone_at == 0


def test_an_old_left_that_arrives_late_changes_nothing(stage: Stage, hoa: Villager) -> None:
    hoa.hear("unfollow", at=stage.clock() - 3_600_000)
    address = hoa.address()
    assert address is not None
    assert address.gone_at == 0


def test_a_group_is_not_answered(stage: Stage, zalo: Villager) -> None:
    assert zalo.hear("text", text="alo", group=True) == []
    assert zalo.citizen() is None
