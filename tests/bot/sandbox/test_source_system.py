"""The emulated source-information system keeps the contract written in its docstring and in example.json."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

import bot.sandbox
from bot.sandbox.source_records import CHANNELS, FIELDS, FIELDS_OF_LIFE, KINDS, PRIORITIES, STATES
from bot.sandbox.source_system import Config, app

Json = dict[str, Any]
EXAMPLE: Json = json.loads((Path(bot.sandbox.__file__).parent / "pages/source/example.json").read_text("utf-8"))
REPORT: Json = EXAMPLE["report"]["request"]["body"]


class Sender:
    """The system, and somebody signed in there."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client, self.token = client, ""

    async def login(self, name: str = "thontin", password: str = "bí mật") -> Json:
        async with self.client.post("/login", json={"Username": name, "Password": password}) as answer:
            assert answer.status == 200
            body: Json = await answer.json()
        if body["TrangThaiGui"] == 0:
            self.token = body["NoiDung"]["Token"]
        return body

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.client.request(method, path, headers=headers, **more) as answer:
            body: Json = await answer.json()
            assert set(body) == {"TrangThaiGui", "NoiDung", "MoTa"}
            return answer.status, body

    async def report(self, **changes: Any) -> Json:
        told = {key: value for key, value in {**REPORT, **changes}.items() if value is not ...}
        status, body = await self.ask("POST", "/phan-anh", json=told)
        assert status == 200
        return body

    async def news(self, start: int = 0, end: int = 9_999_999_999_999) -> list[Json]:
        _, body = await self.ask("GET", f"/phan-anh/cap-nhat?tu={start}&den={end}")
        return body["NoiDung"]["DanhSach"]  # type: ignore[no-any-return]

    async def control(self, path: str, **body: Any) -> Any:
        async with self.client.post(f"/_control/{path}", json=body) as answer:
            return await answer.json()

    async def held(self) -> list[Json]:
        async with self.client.get("/_control/reports") as answer:
            return await answer.json()  # type: ignore[no-any-return]

    async def page(self, path: str) -> str:
        async with self.client.get(path) as answer:
            assert answer.status == 200
            return await answer.text()

    async def form(self, number: int, **typed: str) -> tuple[int, str]:
        async with self.client.post(f"/ho-so/{number}", data=typed) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def stranger() -> AsyncIterator[Sender]:
    config = Config({"thontin": "bí mật", "khac": "mật khẩu khác"}, province="tỉnh Điện Biên")
    async with TestClient(TestServer(app(config))) as client:
        yield Sender(client)


@pytest.fixture
async def sender(stranger: Sender) -> Sender:
    await stranger.login()
    return stranger


# Signing in.


@pytest.mark.parametrize(
    ("name", "password", "result"), [("thontin", "bí mật", 0), ("thontin", "sai", 1), ("ai đó", "bí mật", 1)]
)
async def test_signing_in_gives_a_token_or_a_failure_with_http_200(
    stranger: Sender, name: str, password: str, result: int
) -> None:
    body = await stranger.login(name, password)
    assert body["TrangThaiGui"] == result
    assert bool(body["NoiDung"]) is (result == 0)


async def test_nothing_is_told_without_a_token(stranger: Sender) -> None:
    for method, path in (("POST", "/phan-anh"), ("GET", "/phan-anh/cap-nhat?tu=0&den=1"), ("GET", "/danh-muc")):
        status, body = await stranger.ask(method, path)
        assert (status, body["TrangThaiGui"]) == (401, 1)


async def test_a_token_dies_by_the_clock_and_a_new_one_works(sender: Sender) -> None:
    await sender.control("clock", advance_ms=3_599_000)
    assert (await sender.ask("GET", "/danh-muc"))[0] == 200
    await sender.control("clock", advance_ms=1_001)
    assert (await sender.ask("GET", "/danh-muc"))[0] == 401
    await sender.control("settings", expired_status=200)
    assert (await sender.ask("GET", "/danh-muc"))[1]["TrangThaiGui"] == 1
    await sender.login()
    assert (await sender.ask("GET", "/danh-muc"))[0] == 200


async def test_a_token_can_die_early(sender: Sender) -> None:
    await sender.control("faults", fault="expired_token", count=1)
    assert (await sender.ask("POST", "/phan-anh", json=REPORT))[0] == 401
    await sender.login()
    assert (await sender.report())["TrangThaiGui"] == 0


# Reports.


async def test_the_example_is_accepted_and_answered_as_written(sender: Sender) -> None:
    body = await sender.report()
    assert body.keys() == EXAMPLE["report"]["answer"].keys()
    assert re.fullmatch(r"TTN-\d{4}-000001", body["NoiDung"]["MaNguon"])
    assert {**body["NoiDung"], "MaNguon": "TTN-2026-000001"} == EXAMPLE["report"]["answer"]["NoiDung"]
    (held,) = await sender.held()
    assert held["record"]["NoiDung"] == REPORT["NoiDung"]
    assert held["files"] == [{"name": "anh-1.jpg", "sha256": hashlib.sha256(b"data").hexdigest()}]


def test_the_example_names_every_key_and_code() -> None:
    named = EXAMPLE["keys"]
    assert {one.canonical: one.key for one in FIELDS}.items() <= named.items()
    assert set(REPORT) <= set(named.values())
    assert EXAMPLE["required"] == [one.key for one in FIELDS if one.required]
    tables = {"TrangThai": STATES, "LoaiPhanAnh": KINDS, "LinhVuc": FIELDS_OF_LIFE}
    tables |= {"MucDoUuTien": PRIORITIES, "KenhTiepNhan": CHANNELS}  # type: ignore[dict-item]
    assert EXAMPLE["tables"] == json.loads(json.dumps(tables))


async def test_the_tables_can_be_asked_for(sender: Sender) -> None:
    _, body = await sender.ask("GET", "/danh-muc")
    assert body["NoiDung"] == EXAMPLE["tables"]


async def test_the_same_key_is_the_same_report(sender: Sender) -> None:
    first = await sender.report()
    again = await sender.report(NoiDung="gửi lại")
    other = await sender.report(KhoaChongTrung="thontin:report:185")
    assert again["NoiDung"] == {**first["NoiDung"], "DaCo": True}
    assert other["NoiDung"]["PhanAnhID"] != first["NoiDung"]["PhanAnhID"]
    assert [one["record"]["NoiDung"] for one in await sender.held()] == [REPORT["NoiDung"]] * 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"MaXa": ...}, "Thiếu trường MaXa"),
        ({"KhoaChongTrung": ...}, "Thiếu trường KhoaChongTrung"),
        ({"NoiDung": "  "}, "NoiDung không hợp lệ"),
        ({"MaXa": "3127"}, "MaXa không hợp lệ"),
        ({"LoaiPhanAnh": "3"}, "LoaiPhanAnh sai kiểu dữ liệu"),
        ({"LoaiPhanAnh": 9}, "LoaiPhanAnh không có trong danh mục"),
        ({"KenhTiepNhan": "FAX"}, "KenhTiepNhan không có trong danh mục"),
        ({"ViTri": {"ViDo": 99, "KinhDo": 103}}, "ViTri không hợp lệ"),
        ({"NguoiGui": {"CCCD": "0123"}}, "NguoiGui.CCCD không đúng"),
        ({"ma_xa": "03127"}, "Trường không có trong danh mục: ma_xa"),
        (
            {"DanhSachTep": [{"TenTep": "a", "LoaiTep": "image/png", "MaBam": "00", "DuLieu": "ZGF0YQ=="}]},
            "MaBam không khớp nội dung tệp",
        ),
        ({"DanhSachTep": [{"TenTep": "a"}]}, "DanhSachTep: cần TenTep, LoaiTep, MaBam"),
    ],
)
async def test_a_wrong_report_fails_with_http_200_and_is_not_kept(sender: Sender, changes: Json, sentence: str) -> None:
    assert await sender.report(**changes) == {"TrangThaiGui": 1, "NoiDung": None, "MoTa": sentence}
    assert await sender.held() == []


async def test_a_body_that_is_no_json_misses_its_first_key(sender: Sender) -> None:
    _, body = await sender.ask("POST", "/phan-anh", data=b"<xml/>")
    assert body["MoTa"] == "Thiếu trường MaPhanAnh"


# Files.


def files(*parts: tuple[bytes, str]) -> FormData:
    form = FormData()
    for data, mime in parts:
        form.add_field("tep", data, filename="loi-noi.ogg", content_type=mime)
        form.add_field("MaBam", hashlib.sha256(data).hexdigest())
    return form


async def test_files_may_follow_and_are_kept_once(sender: Sender) -> None:
    announced = {"TenTep": "loi-noi.ogg", "LoaiTep": "audio/ogg", "MaBam": hashlib.sha256(b"OggS").hexdigest()}
    await sender.report(DanhSachTep=[announced])
    assert "chưa nhận được" in await sender.page("/ho-so/1")
    first = await sender.ask("POST", "/phan-anh/1/tep", data=files((b"OggS", "audio/ogg"), (b"x", "image/png")))
    again = await sender.ask("POST", "/phan-anh/1/tep", data=files((b"OggS", "audio/ogg")))
    assert first[1]["NoiDung"]["DanhSachTep"][0] == again[1]["NoiDung"]["DanhSachTep"][0]
    assert len((await sender.held())[0]["files"]) == 2
    assert "chưa nhận được" not in await sender.page("/ho-so/1")


@pytest.mark.parametrize(
    ("path", "mime", "data", "sentence"),
    [
        ("/phan-anh/1/tep", "application/zip", b"PK", "Loại tệp application/zip không được nhận"),
        ("/phan-anh/1/tep", "image/png", b"", "Tệp rỗng hoặc quá lớn"),
        ("/phan-anh/7/tep", "image/png", b"x", "Không có phản ánh này"),
    ],
)
async def test_a_wrong_file_is_refused(sender: Sender, path: str, mime: str, data: bytes, sentence: str) -> None:
    await sender.report(DanhSachTep=None)
    _, body = await sender.ask("POST", path, data=files((data, mime)))
    assert (body["TrangThaiGui"], body["MoTa"]) == (1, sentence)


# News.


async def test_news_come_by_window_under_lasting_ids(sender: Sender) -> None:
    await sender.control("clock", now_ms=1_795_000_000_000, rate=0)
    await sender.report()
    await sender.control("reports/1/update", state=1, unit="Sở VHTTDL")
    await sender.control("clock", now_ms=1_795_000_060_000)
    await sender.control("reports/1/update", state=5, words="Đã dựng lại cột.", unit="UBND xã", title="Công chức")
    both = await sender.news()
    assert [one["TrangThai"] for one in both] == [1, 5]
    assert len({one["CapNhatID"] for one in both}) == 2
    assert both[1].keys() == EXAMPLE["news"]["answer"]["NoiDung"]["DanhSach"][0].keys()
    assert await sender.news(1_795_000_000_001, 1_795_000_060_000) == both[1:]
    assert await sender.news(1_794_999_000_000, 1_795_000_000_000) == both[:1]
    _, state = await sender.ask("GET", "/phan-anh/1")
    assert (state["NoiDung"]["TrangThai"], state["NoiDung"]["TenTrangThai"]) == (5, "đã trả lời")


async def test_news_and_reports_belong_to_their_account(sender: Sender) -> None:
    await sender.report()
    await sender.control("reports/1/update", state=1, unit="Sở VHTTDL")
    await sender.login("khac", "mật khẩu khác")
    assert await sender.news() == []
    assert (await sender.ask("GET", "/phan-anh/1"))[1]["TrangThaiGui"] == 1
    assert (await sender.report())["NoiDung"]["DaCo"] is False


@pytest.mark.parametrize("query", ["", "?tu=1", "?tu=a&den=b", "?tu=5&den=4"])
async def test_a_window_needs_both_ends(sender: Sender, query: str) -> None:
    assert (await sender.ask("GET", f"/phan-anh/cap-nhat{query}"))[1]["TrangThaiGui"] == 1


async def test_news_can_be_doubled_and_out_of_order(sender: Sender) -> None:
    await sender.report()
    for state in (1, 2):
        await sender.control("reports/1/update", state=state, unit="UBND xã")
    await sender.control("faults", fault="duplicate", count=1)
    await sender.control("faults", fault="reorder", count=1)
    assert [one["TrangThai"] for one in await sender.news()] == [2, 2, 1, 1]
    assert [one["TrangThai"] for one in await sender.news()] == [1, 2]


# Faults.


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [
        ("refuse", 200, "Hệ thống từ chối tiếp nhận bản ghi này"),
        ("throttle", 429, "Quá nhiều yêu cầu, thử lại sau"),
        ("revoked", 403, "Tài khoản đã bị khóa"),
    ],
)
async def test_a_fault_answers_and_keeps_nothing(sender: Sender, fault: str, status: int, sentence: str) -> None:
    await sender.control("faults", fault=fault, count=1)
    assert await sender.ask("POST", "/phan-anh", json=REPORT) == (
        status,
        {"TrangThaiGui": 1, "NoiDung": None, "MoTa": sentence},
    )
    assert await sender.held() == []
    assert (await sender.report())["TrangThaiGui"] == 0


@pytest.mark.parametrize(("fault", "kept"), [("error_500", 0), ("html_502", 0), ("garbage", 0)])
async def test_a_broken_answer_is_not_an_envelope(sender: Sender, fault: str, kept: int) -> None:
    await sender.control("faults", fault=fault, count=1)
    headers = {"Authorization": f"Bearer {sender.token}"}
    async with sender.client.post("/phan-anh", json=REPORT, headers=headers) as answer:
        assert "TrangThaiGui" not in await answer.text()
    assert len(await sender.held()) == kept


async def test_an_answer_may_be_lost_after_the_report_was_taken(sender: Sender) -> None:
    await sender.control("faults", fault="drop_after", count=1)
    headers = {"Authorization": f"Bearer {sender.token}"}
    with pytest.raises(Exception, match="disconnected"):
        await sender.client.post("/phan-anh", json=REPORT, headers=headers)
    assert len(await sender.held()) == 1
    assert (await sender.report())["NoiDung"]["DaCo"] is True
    async with sender.client.get("/_control/counts") as answer:
        assert (await answer.json())["repeated"] == 0


# The page.


async def test_the_page_lists_and_shows_what_came_with_its_files(sender: Sender) -> None:
    assert "Chưa có hồ sơ nào" in await sender.page("/")
    await sender.report(TieuDe="<script>alert(1)</script>")
    listed, shown = await sender.page("/"), await sender.page("/ho-so/1")
    assert "mới đến (1)" in listed
    assert "<script" not in listed + shown
    assert "“Lò Thị Hoa”" in shown
    assert '<img src="/tep/1"' in shown
    async with sender.client.get("/tep/1") as answer:
        assert (await answer.read(), answer.content_type) == (b"data", "image/jpeg")
    assert await sender.page("/?trang-thai=5") != listed


async def test_the_page_asks_nothing_of_anybody_else(sender: Sender) -> None:
    await sender.report()
    for path in ("/", "/ho-so/1", "/source.css"):
        assert "http" not in (await sender.page(path)).replace("http-equiv", "")


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ({"state": "5", "words": "Đã xong.", "unit": "UBND xã", "title": "Công chức Kinh tế"}, 200, "Đã ghi"),
        ({"state": "4", "words": "", "unit": "UBND xã", "title": "Công chức"}, 422, "Từ chối phải có lý do."),
        ({"state": "3", "words": " ", "unit": "UBND xã", "title": ""}, 422, "Cần ghi rõ phải bổ sung gì."),
        ({"state": "5", "words": "Xong", "unit": "UBND xã", "title": ""}, 422, "Cần ghi chức vụ người trả lời."),
        ({"state": "2", "words": "", "unit": "", "title": ""}, 422, "Cần ghi đơn vị."),
        ({"state": "0", "words": "", "unit": "UBND xã", "title": ""}, 422, "Trạng thái không có trong danh mục."),
        ({"state": "2", "words": "", "unit": "UBND xã", "title": ""}, 200, "đang xử lý"),
    ],
)
async def test_an_answer_is_written_on_the_page(sender: Sender, typed: dict[str, str], status: int, told: str) -> None:
    await sender.report()
    assert (await sender.form(1, **typed))[0] == status
    assert told in (await sender.form(1, **typed))[1]
    news = await sender.news()
    assert [one["NoiDung"] for one in news] == [typed["words"]] * (2 if status == 200 else 0)


async def test_what_was_typed_comes_back_when_it_is_wrong(sender: Sender) -> None:
    await sender.report()
    _, text = await sender.form(1, state="5", words="Câu trả lời dài", unit="", title="Công chức")
    assert "Câu trả lời dài</textarea>" in text
    assert 'value="5" required checked' in text


async def test_another_sites_form_is_refused(sender: Sender) -> None:
    await sender.report()
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with sender.client.post("/ho-so/1", data={"state": "1", "unit": "x"}, headers=headers) as answer:
        assert answer.status == 403


async def test_a_document_is_downloaded_and_never_opened_here(sender: Sender) -> None:
    data = b"%PDF-1.7"
    told = {"TenTep": "don.pdf", "LoaiTep": "application/pdf", "MaBam": hashlib.sha256(data).hexdigest()}
    await sender.report(DanhSachTep=[{**told, "DuLieu": base64.b64encode(data).decode()}])
    async with sender.client.get("/tep/1") as answer:
        assert answer.headers["Content-Disposition"] == "attachment"
