"""The source system: reports go up, news comes back, and nothing of either is lost or told to a log."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import structlog

from bot.channels.base import Unavailable
from bot.endings import Later, Never, Sent, Unknown
from bot.gateways.source_config import SHIPPED, SourceConfig, WrongConfig, load, parse
from bot.gateways.source_system import Attachment, HttpJson, NoSource, Update, make_source_system
from bot.gateways.source_words import UnknownCode, our_update, their_record, their_time
from tests.bot.channels.endings import Answer, Case, Dialect, FarSide, cases, far_side, playing, said

EXAMPLE = json.loads((Path(__file__).parents[3] / "bot/sandbox/pages/source/example.json").read_text(encoding="utf-8"))
CONFIG = load()
NOON = 1_795_000_000_000
PASSWORD, TOKEN, WORDS, NAME = "mat-khau-8127", "token-5521", "Cột điện nghiêng ở đầu cầu treo", "Lò Thị Canary"
RECORD: dict[str, Any] = {
    "ma_phan_anh": "PA-7K3M-9QXD",
    "idempotency_key": "PA-7K3M-9QXD",
    "loai": "hien_truong",
    "linh_vuc": "works",
    "tieu_de": "Cột điện nghiêng",
    "noi_dung": WORDS,
    "ma_xa": "03127",
    "ma_tinh": "11",
    "thon": "bản A",
    "vi_tri": {"mo_ta": "gần cầu treo", "vi_do": 21.386, "kinh_do": 103.016},
    "nguoi_gui": {"ho_ten": NAME, "dia_chi": "bản A", "dien_thoai": "", "an_danh_cong_khai": True},
    "kenh": "zalo_oa",
    "thoi_diem_gui": NOON,
    "muc_do": "thong_thuong",
    "don_vi_xu_ly": "UBND xã Thanh Nưa",
}
FILE = Attachment("tep-1", "image/jpeg", b"data")
ENTERED = said({"TrangThaiGui": 0, "NoiDung": {"Token": TOKEN}, "MoTa": ""})
TAKEN = said({"TrangThaiGui": 0, "NoiDung": {"PhanAnhID": 1, "MaNguon": "TTN-1"}, "MoTa": "Đã nhận phản ánh"})
REFUSED = said({"TrangThaiGui": 1, "NoiDung": None, "MoTa": f"Thiếu trường MaXa: {WORDS}"})
# A source system blocks nobody: what would be a block elsewhere is a number of theirs.
DIALECT = Dialect(
    sent=TAKEN,
    throttled=said({"TrangThaiGui": 1, "MoTa": "chậm lại"}, 429, **{"Retry-After": "7"}),
    gone=said({"TrangThaiGui": 1, "MoTa": "Không có quyền"}, 403),
    rejected=REFUSED,
    sent_id="TTN-1",
    throttled_wait=7,
    instead={"blocked": Later},
)


class Client(Protocol):
    """Makes a client of a base URL; the fixture closes it."""

    def __call__(self, url: str, config: SourceConfig = CONFIG) -> HttpJson: ...


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as far:
        far.answer_at("/login", ENTERED)
        yield far


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    made: list[HttpJson] = []

    def make(url: str, config: SourceConfig = CONFIG) -> HttpJson:
        made.append(HttpJson(url, "thontin", PASSWORD, config, lambda: NOON, connect=0.2, read=0.2))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def news(*items: Any) -> Answer:
    return said({"TrangThaiGui": 0, "NoiDung": {"DanhSach": list(items)}, "MoTa": ""})


@pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
async def test_every_answer_has_its_ending(case: Case, far: FarSide, client: Client) -> None:
    async with playing(case, far) as url:
        ending = await client(url).send(RECORD, [FILE])
    case.check(ending, DIALECT)
    assert not isinstance(ending, Sent) or case.name == "sent"
    for secret in (PASSWORD, TOKEN, WORDS, NAME):
        assert secret not in str(ending)


async def test_a_report_is_sent_in_their_words(far: FarSide, client: Client) -> None:
    far.answer(TAKEN)
    assert await client(far.url).send(RECORD, [FILE]) == Sent("TTN-1")
    login, report = far.asked
    assert (login.method, login.path, login.json()) == (
        "POST",
        "/login",
        {"Username": "thontin", "Password": PASSWORD},
    )
    assert (report.method, report.path) == ("POST", "/phan-anh")
    assert report.headers["Authorization"] == f"Bearer {TOKEN}"
    assert report.json() == {
        "KhoaChongTrung": "PA-7K3M-9QXD",
        "MaPhanAnh": "PA-7K3M-9QXD",
        "LoaiPhanAnh": 3,
        "LinhVuc": 1,
        "TieuDe": "Cột điện nghiêng",
        "NoiDung": f"{WORDS}\nNơi xảy ra: gần cầu treo",
        "MaXa": "03127",
        "MaTinh": "11",
        "ThonBan": "bản A",
        "ViTri": {"ViDo": 21.386, "KinhDo": 103.016},
        "NguoiGui": {"HoTen": NAME, "DiaChi": "bản A", "AnDanhCongKhai": True},
        "KenhTiepNhan": "ZALO",
        "ThoiDiemGui": NOON,
        "MucDoUuTien": 3,
        "DonViXuLy": "UBND xã Thanh Nưa",
        "DanhSachTep": [
            {
                "TenTep": "tep-1.jpg",
                "LoaiTep": "image/jpeg",
                "MaBam": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                "DuLieu": "ZGF0YQ==",
            }
        ],
    }


def test_what_is_sent_has_the_keys_of_the_written_example() -> None:
    body, wanted = their_record(CONFIG, RECORD, [FILE]), EXAMPLE["report"]["request"]["body"]
    assert set(EXAMPLE["required"]) <= set(body) <= set(wanted)
    for key in ("ViTri", "NguoiGui"):
        assert set(body[key]) <= set(wanted[key])
    assert [set(one) for one in body["DanhSachTep"]] == [set(one) for one in wanted["DanhSachTep"]]
    for key in ("LoaiPhanAnh", "LinhVuc", "MucDoUuTien", "KenhTiepNhan"):
        assert str(body[key]) in EXAMPLE["tables"][key]


async def test_a_file_is_read_from_the_media_store(far: FarSide, client: Client, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"data")
    far.answer(TAKEN)
    await client(far.url).send(RECORD, [replace(FILE, data=tmp_path / "x")])
    assert far.asked[1].json()["DanhSachTep"][0]["DuLieu"] == "ZGF0YQ=="


async def test_a_file_that_is_not_there_keeps_the_report_for_later(
    far: FarSide, client: Client, tmp_path: Path
) -> None:
    ending = await client(far.url).send(RECORD, [replace(FILE, data=tmp_path / "gone")])
    assert isinstance(ending, Later)
    assert far.asked == []


async def test_one_login_serves_many_reports_at_once(far: FarSide, client: Client) -> None:
    far.answer(TAKEN)
    source = client(far.url)
    endings = await asyncio.gather(*(source.send(RECORD) for _ in range(5)))
    assert endings == [Sent("TTN-1")] * 5
    assert [one.path for one in far.asked].count("/login") == 1


@pytest.mark.parametrize(
    "expired",
    [said({"TrangThaiGui": 1, "MoTa": "Hết phiên"}, 401), Answer(401), said({"TrangThaiGui": 9})],
    ids=["401 in json", "bare 401", "a number of theirs"],
)
async def test_an_expired_token_is_renewed_once(expired: Answer, far: FarSide, client: Client) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("[outcomes]\n", '[outcomes]\n9 = { ending = "login" }\n')
    far.answer(expired, TAKEN)
    assert await client(far.url, parsed(text)).send(RECORD) == Sent("TTN-1")
    assert [one.path for one in far.asked] == ["/login", "/phan-anh", "/login", "/phan-anh"]


async def test_a_token_that_is_never_taken_stops_after_the_second_login(far: FarSide, client: Client) -> None:
    far.answer(Answer(401))
    ending = await client(far.url).send(RECORD)
    assert isinstance(ending, Later)
    assert ending.suspend
    assert len(far.asked) == 4


@pytest.mark.parametrize(
    ("answer", "suspend"),
    [
        (said({"TrangThaiGui": 1, "NoiDung": None, "MoTa": "Sai mật khẩu"}), True),
        (said({"TrangThaiGui": 1, "NoiDung": None, "MoTa": "Sai mật khẩu"}, 401), True),
        (Answer(502, b"<html>", "text/html"), False),
        (Answer(200, b"<html>", "text/html"), False),
        (Answer(fault="hang"), False),
        (Answer(fault="drop"), False),
    ],
    ids=["refused", "refused with 401", "down", "garbage", "hangs", "drops"],
)
async def test_a_login_that_fails_never_leaves_the_report_in_doubt(
    answer: Answer, suspend: bool, far: FarSide, client: Client
) -> None:
    far.answer_at("/login", answer)
    ending = await client(far.url).send(RECORD)
    assert isinstance(ending, Later)
    assert ending.suspend is suspend
    assert [one.path for one in far.asked] == ["/login"]


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (said({"TrangThaiGui": 1, "MoTa": "Lỗi chung"}), Later),
        (said({"TrangThaiGui": 1, "MoTa": "Lỗi chung"}, 400), Never),
        (said({"TrangThaiGui": "1", "MoTa": "Sai giá trị LinhVuc"}), Never),
        (said({"TrangThaiGui": 77}), Later),
        (said({"MoTa": "?"}, 422), Never),
        (Answer(404, b"not found", "text/plain"), Later),
        (Answer(301, headers={"Location": "/khac"}), Later),
        (said({"TrangThaiGui": 0, "NoiDung": {}}), Unknown),
        (said({"TrangThaiGui": 0, "NoiDung": {"MaNguon": True}}), Unknown),
        (said({"TrangThaiGui": False, "NoiDung": {"MaNguon": "1"}}), Unknown),
    ],
    ids=lambda value: value.body[:40].decode() if isinstance(value, Answer) else "",
)
async def test_a_number_other_than_yes_is_a_failure_even_with_200(
    answer: Answer, ending: type, far: FarSide, client: Client
) -> None:
    far.answer(answer)
    assert type(await client(far.url).send(RECORD)) is ending


async def test_a_report_that_they_have_already_is_sent(far: FarSide, client: Client) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("[outcomes]\n", '[outcomes]\n2 = { ending = "done" }\n')
    far.answer(said({"TrangThaiGui": 2, "NoiDung": {"MaNguon": "TTN-9"}}))
    assert await client(far.url, parsed(text)).send(RECORD) == Sent("TTN-9")


async def test_a_code_without_a_table_entry_stops_for_a_person(far: FarSide, client: Client) -> None:
    ending = await client(far.url).send({**RECORD, "loai": "khac"})
    assert isinstance(ending, Later)
    assert ending.suspend
    assert "codes.loai" in ending.why
    assert far.asked == []
    with pytest.raises(UnknownCode):
        their_record(CONFIG, {**RECORD, "loai": "khac"}, [])


async def test_news_comes_back_in_our_words(far: FarSide, client: Client) -> None:
    far.answer(said(EXAMPLE["news"]["answer"]))
    assert await client(far.url).news(NOON - 7_200_000, NOON) == [
        Update(
            id="CN00000001",
            report_id="TTN-2026-000001",
            code="PA-7K3M-9QXD",
            state="answered",
            text="Điện lực đã dựng lại cột chiều 24/11.",
            unit="UBND xã Thanh Nưa",
            person="Công chức Kinh tế",
            at_ms=1_794_999_000_000,
        )
    ]
    assert far.asked[1].path == "/phan-anh/cap-nhat"
    assert far.asked[1].query == {"tu": str(NOON - 7_200_000), "den": str(NOON)}


async def test_news_is_told_in_the_order_it_happened(far: FarSide, client: Client) -> None:
    one = {"CapNhatID": "b", "MaPhanAnh": "PA", "TrangThai": 2, "ThoiDiem": 2000}
    far.answer(news(one, {**one, "CapNhatID": "a", "ThoiDiem": 1000}))
    assert [update.id for update in await client(far.url).news(0, NOON)] == ["a", "b"]


async def test_a_state_nobody_knows_is_logged_loudly_and_left_open(far: FarSide, client: Client) -> None:
    far.answer(news({"CapNhatID": "a", "MaNguon": "TTN-1", "TrangThai": 42, "NoiDung": WORDS}))
    with structlog.testing.capture_logs() as logs:
        (update,) = await client(far.url).news(0, NOON)
    assert update.state is None
    assert update.text == WORDS
    assert update.at_ms == NOON
    assert [(line["event"], line["log_level"]) for line in logs] == [("source.unknown_state", "error")]
    assert WORDS not in str(logs)


@pytest.mark.parametrize("item", [None, 7, [], {}, {"CapNhatID": "a"}, {"MaNguon": "TTN-1"}], ids=repr)
async def test_one_unreadable_item_does_not_hide_the_others(item: Any, far: FarSide, client: Client) -> None:
    far.answer(news(item, {"CapNhatID": "b", "MaNguon": "TTN-1", "TrangThai": 1}))
    with structlog.testing.capture_logs() as logs:
        found = await client(far.url).news(0, NOON)
    assert [one.id for one in found] == ["b"]
    assert [line["event"] for line in logs] == ["source.unreadable_update"]


@pytest.mark.parametrize("case", [one for one in cases(DIALECT) if one.name != "sent"], ids=lambda case: case.name)
async def test_news_that_cannot_be_had_is_unavailable(case: Case, far: FarSide, client: Client) -> None:
    async with playing(case, far) as url:
        with pytest.raises(Unavailable):
            await client(url).news(0, NOON)


@pytest.mark.parametrize(
    ("kind", "written"),
    [("ms", NOON), ("s", NOON // 1000), ("iso", "2026-11-18T18:06:40.000+07:00")],
)
def test_a_time_is_written_and_read_as_they_do(kind: str, written: int | str) -> None:
    config = replace(CONFIG, keys={**CONFIG.keys, "format.time": kind})
    assert their_time(config, NOON) == written
    item = {"CapNhatID": "a", "MaNguon": "1", "TrangThai": 1, "ThoiDiem": written}
    assert our_update(config, item, 5).at_ms == NOON
    assert our_update(config, {**item, "ThoiDiem": "hôm qua"}, 5).at_ms == 5


def parsed(text: str) -> SourceConfig:
    return parse(tomllib.loads(text))


@pytest.mark.parametrize(
    ("was", "becomes", "names"),
    [
        ('token = "Token"', "", "answer.token"),
        ('token = "Token"', 'tokne = "Token"', "answer.token"),
        ('username = "Username"', 'username = "Username"\nuser = "x"', "login.user"),
        ('username = "Username"', "username = 7", "login.username"),
        ('time = "ms"', 'time = "minutes"', "format.time"),
        ('as = "base64"', 'as = "ftp"', "files.as"),
        ("ok = 0", "ok = true", "answer.ok"),
        ('5 = "answered"', '5 = "xong"', "states.5"),
        ('ending = "later"', 'ending = "maybe"', "outcomes.1"),
        ("hien_truong = 3", "hien_truong = []", "codes.loai.hien_truong"),
        ('noi_dung = "NoiDung"', "noi_dung = 1", "record.noi_dung"),
        ('times = ["thoi_diem_gui", "han_xu_ly"]', "times = 1", "format.times"),
        ("[news]", "[tin]", "tin"),
        ("[paths]", "[paths", "TOML"),
    ],
    ids=lambda value: value[:24],
)
def test_a_wrong_key_is_named_in_one_sentence(was: str, becomes: str, names: str, tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert was in text
    file = tmp_path / "nguon.toml"
    file.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(WrongConfig, match=names) as wrong:
        load(file)
    assert str(wrong.value).count("\n") == 0


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongConfig, match=r"khong-co\.toml"):
        load(tmp_path / "khong-co.toml")


async def test_without_a_source_system_everything_stays_queued() -> None:
    source = make_source_system("none", "", "", "", SHIPPED, lambda: NOON)
    assert isinstance(source, NoSource)
    assert await source.send(RECORD) == Later(wait=600, why="chưa có hệ thống thông tin nguồn")
    assert await source.news(0, NOON) == []
    assert (await source.check())[0].ok


async def test_doctor_hears_that_all_is_well(far: FarSide, client: Client) -> None:
    far.answer(news())
    assert [one.ok for one in await client(far.url).check()] == [True]


@pytest.mark.parametrize(
    ("login", "remedy"),
    [(REFUSED, "mật khẩu"), (Answer(503), "đường dẫn")],
    ids=["wrong password", "down"],
)
async def test_doctor_says_what_to_do(login: Answer, remedy: str, far: FarSide, client: Client) -> None:
    far.answer_at("/login", login)
    (found,) = await client(far.url).check()
    assert not found.ok
    assert remedy in found.remedy


async def test_doctor_warns_of_words_sent_in_the_clear() -> None:
    source = HttpJson("http://127.0.0.2:9", "u", "p", CONFIG, lambda: NOON, connect=0.05, read=0.05)
    found = await source.check()
    await source.close()
    assert "https" in found[0].remedy


async def test_no_secret_and_no_word_is_logged(far: FarSide, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    far.answer(Answer(401), REFUSED, said({"TrangThaiGui": 77, "MoTa": WORDS}), Answer(fault="drop"))
    source = client(far.url)
    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            await source.send(RECORD, [FILE])
    for secret in (PASSWORD, TOKEN, WORDS, NAME):
        assert secret not in str(logs) + caplog.text + repr(source)
