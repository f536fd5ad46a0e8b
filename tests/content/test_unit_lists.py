"""A newer official list is taken whole or not at all, and what a name was stays known with its dates."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from content.units import Gazetteer
from content.units.lists import TABLES, ListError, Lists, read_lists
from content.units.loader import DATA
from content.units.merging import Merge, Report

TODAY = date(2026, 11, 23)
TAN_KHAI, MINH_DUC, TAN_QUAN, THANH_NUA = "25357", "25349", "25351", "03328"


@pytest.fixture(scope="module")
def corner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped lists of Điện Biên and Đồng Nai: two provinces are read faster than thirty-four."""
    folder, shipped = tmp_path_factory.mktemp("corner"), read_lists([DATA])
    communes = [line.row for line in shipped.communes if line.row["province_code"] in ("11", "75")]
    codes = {row["code"] for row in communes}
    written(folder / "provinces.csv", [line.row for line in shipped.provinces])
    written(folder / "communes.csv", communes)
    former = [line.row for line in shipped.former_communes if line.row["new_code"] in codes]
    written(folder / "former_communes.csv", former)
    return folder


@pytest.fixture(scope="module")
def ours(corner: Path) -> Lists:
    return read_lists([corner])


@pytest.fixture
def communes(ours: Lists) -> list[dict[str, str]]:
    """The list in use, to be changed."""
    return [{name: value for name, value in line.row.items() if name != "valid_to"} for line in ours.communes]


def written(path: Path, rows: list[dict[str, str]], **how: str) -> Path:
    """A CSV file of the rows."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), delimiter=how.get("delimiter", ","))
    table.writeheader()
    table.writerows(rows)
    path.write_text(text.getvalue(), encoding=how.get("encoding", "utf-8"))
    return path


def row_of(rows: list[dict[str, str]], code: str) -> dict[str, str]:
    return next(row for row in rows if row["code"] == code)


def successor(old: str, name: str, new: str, relation: str = "whole") -> dict[str, str]:
    """A unit of the two tiers that was merged: no district."""
    values = {"old_province": "Thành phố Đồng Nai", "old_code": old, "old_commune": name, "new_code": new}
    return dict.fromkeys(TABLES["former_communes"].columns, "") | values | {"relation": relation}


def loaded(folder: Path, lists: Lists) -> Gazetteer:
    """The gazetteer of merged lists."""
    folder.mkdir()
    for name in TABLES:
        if rows := [line.row for line in getattr(lists, name)]:
            written(folder / f"{name}.csv", rows)
    return Gazetteer.load(folder)


def merged(ours: Lists, *paths: Path, **how: bool) -> tuple[Lists, Report]:
    merge = Merge(ours, read_lists(paths), TODAY, **how)
    return merge.done, merge.report


def test_the_list_in_use_changes_nothing(ours: Lists, corner: Path) -> None:
    done, report = merged(ours, corner)
    assert not report.changed
    assert [line.row for line in done.communes] == [line.row for line in ours.communes]
    assert [line.row for line in done.former_communes] == [line.row for line in ours.former_communes]


def test_columns_may_stand_in_any_order_with_a_bom_and_semicolons(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    turned = [{"stt": str(i), **dict(reversed(row.items()))} for i, row in enumerate(communes)]
    path = written(tmp_path / "danh sách.csv", turned, encoding="utf-8-sig", delimiter=";")
    _, report = merged(ours, path)
    assert not report.changed


def test_a_renamed_commune_is_found_by_both_names(ours: Lists, communes: list[dict[str, str]], tmp_path: Path) -> None:
    row_of(communes, THANH_NUA).update(name="Mường Nưa Mới", effective_from="2026-11-01")
    done, report = merged(ours, written(tmp_path / "communes.csv", communes))
    assert [(one.code, one.before, one.after) for one in report.renamed] == [
        (THANH_NUA, "xã Thanh Nưa, tỉnh Điện Biên", "xã Mường Nưa Mới, tỉnh Điện Biên")
    ]
    places = loaded(tmp_path / "units", done)
    assert places.find("Mường Nưa Mới").candidates[0].code == THANH_NUA
    before = places.find("xã Thanh Nưa, Điện Biên").candidates[0]
    assert before.code == THANH_NUA
    assert "xã Thanh Nưa, tỉnh Điện Biên (đến 31/10/2026)" in before.former


def test_a_new_type_is_reported_and_the_old_one_still_fits(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    row_of(communes, THANH_NUA).update(type="Phường")
    done, report = merged(ours, written(tmp_path / "communes.csv", communes))
    assert [one.code for one in report.retyped] == [THANH_NUA]
    row = next(line.row for line in done.communes if line.row["code"] == THANH_NUA)
    assert (row["former_type"], row["effective_from"]) == ("Xã", "2026-11-23")
    places = loaded(tmp_path / "units", done)
    for text in ("phường Thanh Nưa", "xã Thanh Nưa"):
        found = places.find(text)
        assert (found.candidates[0].commune.title, found.ask) == ("phường Thanh Nưa", False)


def merge_of_two(communes: list[dict[str, str]], tmp_path: Path) -> list[Path]:
    """Minh Đức goes into Tân Khai."""
    left = [row for row in communes if row["code"] != MINH_DUC]
    former = [successor(MINH_DUC, "Xã Minh Đức", TAN_KHAI)]
    return [written(tmp_path / "communes.csv", left), written(tmp_path / "former_communes.csv", former)]


def test_a_merged_commune_leads_to_its_successor_and_its_code_is_still_known(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    done, report = merged(ours, *merge_of_two(communes, tmp_path))
    assert [(one.code, one.after) for one in report.merged] == [(MINH_DUC, "phường Tân Khai, thành phố Đồng Nai")]
    places = loaded(tmp_path / "units", done)
    gone = places.commune(MINH_DUC)
    assert gone is not None
    assert (gone.full_name, gone.until) == ("xã Minh Đức, thành phố Đồng Nai", "2026-11-22")
    assert gone.successors == (TAN_KHAI,)
    assert MINH_DUC not in {one.code for one in places.communes()}
    assert places.find("xã Minh Đức, Đồng Nai").candidates[0].code == TAN_KHAI
    assert places.find("xã Minh Tâm, Hớn Quản").candidates[0].code == TAN_KHAI, "made of a former one before"
    assert all(near.commune.code != MINH_DUC for near in places.near(gone.lat, gone.lon).communes)


def test_merged_twice_it_leads_to_the_last(ours: Lists, communes: list[dict[str, str]], tmp_path: Path) -> None:
    once, _ = merged(ours, *merge_of_two(communes, tmp_path))
    left = [row for row in communes if row["code"] not in (MINH_DUC, TAN_KHAI)]
    former = [successor(TAN_KHAI, "Phường Tân Khai", TAN_QUAN)]
    second = tmp_path / "second"
    second.mkdir()
    written(second / "communes.csv", left)
    written(second / "former_communes.csv", former)
    twice, report = merged(once, second)
    assert [one.code for one in report.merged] == [TAN_KHAI]
    places = loaded(tmp_path / "units", twice)
    for text in ("xã Minh Đức, Đồng Nai", "phường Tân Khai", "xã Minh Tâm, Hớn Quản"):
        assert places.find(text).candidates[0].code == TAN_QUAN
    first = places.commune(MINH_DUC)
    assert first is not None
    assert first.successors == (TAN_QUAN,)


def test_a_divided_commune_is_asked_about(ours: Lists, communes: list[dict[str, str]], tmp_path: Path) -> None:
    left = [row for row in communes if row["code"] != MINH_DUC]
    former = [
        successor(MINH_DUC, "Xã Minh Đức", TAN_KHAI, "split-main"),
        successor(MINH_DUC, "Xã Minh Đức", TAN_QUAN, "split"),
    ]
    paths = written(tmp_path / "communes.csv", left), written(tmp_path / "former_communes.csv", former)
    done, _ = merged(ours, *paths)
    found = loaded(tmp_path / "units", done).find("xã Minh Đức, Đồng Nai")
    assert found.ask
    assert [one.code for one in found.candidates] == [TAN_KHAI, TAN_QUAN]


def test_a_commune_that_is_not_said_to_be_merged_stays_known(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    left = [row for row in communes if row["code"] != MINH_DUC]
    done, report = merged(ours, written(tmp_path / "communes.csv", left))
    assert [one.code for one in report.vanished] == [MINH_DUC]
    gone = loaded(tmp_path / "units", done).commune(MINH_DUC)
    assert gone is not None
    assert (gone.until, gone.successors) == ("2026-11-22", ())


def test_a_list_that_was_cut_off_is_refused(ours: Lists, communes: list[dict[str, str]], tmp_path: Path) -> None:
    path = written(tmp_path / "communes.csv", communes[:110])
    with pytest.raises(ListError, match="mà không nói nhập vào đâu"):
        merged(ours, path)
    _, report = merged(ours, path, allow_vanished=True)
    assert len(report.vanished) > 20


def test_a_list_of_one_province_leaves_the_others_alone(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    mine = [row for row in communes if row["province_code"] == "11"]
    row_of(mine, THANH_NUA).update(name="Mường Nưa Mới")
    done, report = merged(ours, written(tmp_path / "communes.csv", mine))
    assert [one.code for one in report.renamed] == [THANH_NUA]
    assert not report.vanished
    assert len(report.untouched) == 33
    assert len(done.communes) == len(ours.communes)


def test_a_new_commune_without_a_place_is_found_by_its_name_only(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path
) -> None:
    short = [{name: row[name] for name in ("name", "type", "code", "province_code")} for row in communes]
    short.append({"name": "Xuân Đài Mới", "type": "Xã", "code": "99001", "province_code": "11"})
    done, report = merged(ours, written(tmp_path / "communes.csv", short))
    assert [one.code for one in report.new] == ["99001"]
    assert report.without_place == ["99001"]
    places = loaded(tmp_path / "units", done)
    assert places.find("xa xuan dai moi dien bien").candidates[0].code == "99001"
    assert places.near(21.4283, 102.96).communes[0].commune.code == THANH_NUA


def test_a_province_that_is_renamed_or_becomes_a_city_keeps_its_old_name(ours: Lists, tmp_path: Path) -> None:
    rows = [dict(line.row) for line in ours.provinces]
    row_of(rows, "11").update(name="Tây Bắc Biên", type="Thành phố")
    done, report = merged(ours, written(tmp_path / "provinces.csv", rows))
    assert [(one.before, one.after) for one in report.provinces] == [("Tỉnh Điện Biên", "Thành phố Tây Bắc Biên")]
    places = loaded(tmp_path / "units", done)
    for text in ("xã Thanh Nưa, Tây Bắc Biên", "xã Thanh Nưa, tỉnh Điện Biên"):
        found = places.find(text)
        assert (found.candidates[0].code, found.ask) == (THANH_NUA, False)


Broken = Callable[[list[dict[str, str]]], object]
BROKEN: list[tuple[str, Broken, str]] = [
    (
        "a column is missing",
        lambda rows: [row.pop("province_code") for row in rows],
        "communes.csv:1: thiếu cột province",
    ),
    ("a code twice", lambda rows: rows.append(dict(rows[7])), "communes.csv:142: mã [0-9]{5} đã có ở communes.csv:9"),
    ("unknown province", lambda rows: rows[0].update(province_code="98"), "communes.csv:2: không có tỉnh, .* mã 98"),
    ("no such day", lambda rows: rows[1].update(effective_from="2026-02-30"), "communes.csv:3: cột effective_from"),
    (
        "another way of writing days",
        lambda rows: rows[1].update(effective_from="1/7/2025"),
        "communes.csv:3: .*2026-09",
    ),
    (
        "leading zeros lost",
        lambda rows: rows[0].update(code="4"),
        "communes.csv:2: cột code: “4” phải có đúng 5 chữ số",
    ),
    ("unknown type", lambda rows: rows[2].update(type="Thị trấn"), "communes.csv:4: cột type: .* Xã, Phường, Đặc khu"),
    ("no name", lambda rows: rows[2].update(name=" "), "communes.csv:4: cột name bị trống"),
    ("no name but markup", lambda rows: rows[2].update(name="<b>"), "communes.csv:4: cột name"),
    ("latitude and longitude swapped", lambda rows: rows[2].update(lat="105.8"), "communes.csv:4: cột lat"),
]


@pytest.mark.parametrize(("spoil", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_list_is_refused_with_line_and_reason(
    ours: Lists, communes: list[dict[str, str]], tmp_path: Path, spoil: Broken, reason: str
) -> None:
    spoil(communes)
    with pytest.raises(ListError, match=reason):
        merged(ours, written(tmp_path / "communes.csv", communes))


BYTES = [
    ("UTF-16", "code,province_code,type,name\n".encode("utf-16"), "communes.csv:1: không phải UTF-8"),
    ("an old encoding", b"code,province_code,type,name\n00004,01,Ph\xfd\xb6ng,x\n", "communes.csv:2: không phải UTF-8"),
    ("empty", b"", "communes.csv:1: thiếu cột"),
    ("a heading alone", b"code,province_code,type,name\n", "communes.csv: không có dòng nào"),
    ("something else", b"%PDF-1.7\n%", "communes.csv:1: thiếu cột"),
    ("a cell too many", b"code,province_code,type,name\n00004,01,X\xc3\xa3,A,B\n", "communes.csv:2: có 5 cột"),
    ("an open quote", b'code,province_code,type,name\n00004,01,X\xc3\xa3,"A\n', "communes.csv:2: không đọc được"),
    ("a column twice", b"code,code,province_code,type,name\n", "communes.csv:1: cột bị lặp: code"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), [case[1:] for case in BYTES], ids=[case[0] for case in BYTES])
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "communes.csv"
    path.write_bytes(data)
    with pytest.raises(ListError, match=reason):
        read_lists([path])


def test_a_former_commune_must_lead_somewhere(ours: Lists, tmp_path: Path) -> None:
    path = written(tmp_path / "former.csv", [successor(MINH_DUC, "Xã Minh Đức", "99999")])
    with pytest.raises(ListError, match=r"former\.csv:2: không có xã, phường nào mã 99999"):
        merged(ours, path)


def test_every_problem_is_told_up_to_twenty(ours: Lists, communes: list[dict[str, str]], tmp_path: Path) -> None:
    for row in communes[:30]:
        row["type"] = "Thôn"
    with pytest.raises(ListError) as refused:
        merged(ours, written(tmp_path / "communes.csv", communes))
    assert str(refused.value).count("\n") == 20
    assert str(refused.value).endswith("và 10 chỗ nữa")


def test_a_missing_file_and_an_empty_folder_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(ListError, match=str(path)):
            read_lists([path])
