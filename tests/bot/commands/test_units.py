"""thontin units: a commune is found; a newer list is put in use for every command, or nothing is."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from bot import units
from bot.config import BadSetting
from content.units.loader import DATA
from tests.bot.commands.world import Home

HEAD = "code,province_code,type,name,effective_from\n"


def newer(folder: Path, **changed: str) -> Path:
    """The list of Điện Biên with other names for some codes; one without a name is left out."""
    path = folder / "điện biên.csv"
    with (DATA / "communes.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["province_code"] == "11"]
    names = {row["code"]: changed.get(f"x{row['code']}", row["name"]) for row in rows}
    lines = [f"{row['code']},11,{row['type']},{names[row['code']]},\n" for row in rows if names[row["code"]]]
    path.write_text(HEAD + "".join(lines), encoding="utf-8-sig")
    return path


def found(home: Home, text: str) -> dict[str, object]:
    """The first candidate for a text."""
    said = home.run("units", "find", text, "--json")
    return dict(json.loads(said.stdout)["candidates"][0])


def test_the_command_prints_json_for_programs(home: Home) -> None:
    result = home.run("units", "find", "xa thanh nua dien bien", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["ask"] is False
    best = answer["candidates"][0]
    assert (best["code"], best["name"], best["type"], best["province"]) == ("03328", "Thanh Nưa", "Xã", "Điện Biên")
    assert "xã Thanh Nưa, huyện Điện Biên, tỉnh Điện Biên" in best["former"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(["Thanh Nưa"], 0), (["zzzz"], 1), (["Thanh Nưa", "--province", "00"], 2), ([], 2)],
    ids=["found", "nothing found", "unknown province", "no text"],
)
def test_the_exit_code_tells_what_happened(home: Home, words: list[str], code: int) -> None:
    assert home.run("units", "find", *words).exit_code == code


def test_a_newer_list_is_used_by_every_command_and_the_old_name_is_still_found(home: Home, database_url: str) -> None:
    said = home.run("units", "import", str(newer(home.folder, x03328="Mường Nưa Mới")), "--from", "2026-11-01")
    assert said.exit_code == 0, said.stderr
    assert "Đổi tên: 1" in said.stdout
    assert "03328  xã Thanh Nưa, tỉnh Điện Biên → xã Mường Nưa Mới, tỉnh Điện Biên" in said.stdout
    assert "33 tỉnh, thành phố: các nơi đó giữ nguyên" in said.stdout
    assert found(home, "muong nua moi")["code"] == "03328"
    best = found(home, "Thanh Nưa, Điện Biên")
    assert (best["code"], best["name"]) == ("03328", "Mường Nưa Mới")
    assert "xã Thanh Nưa, tỉnh Điện Biên (đến 31/10/2026)" in list(best["former"])  # type: ignore[call-overload]
    again = home.run("units", "import", str(newer(home.folder, x03328="Mường Nưa Mới")), "--json")
    assert not json.loads(again.stdout)["changed"]


def test_a_vanished_commune_keeps_its_code_but_nobody_new_is_put_there(home: Home, database_url: str) -> None:
    home.set(DATABASE_URL=database_url)
    said = home.run("units", "import", str(newer(home.folder, x03328="")), "--json")
    assert [one["code"] for one in json.loads(said.stdout)["vanished"]] == ["03328"]
    gone = units.gazetteer(home.folder / "data").commune("03328")
    assert gone is not None
    assert gone.full_name == "xã Thanh Nưa, tỉnh Điện Biên"
    assert gone.until
    names = ("--name", "Lò Thị Lan", "--title", "Công chức", "--password-stdin")
    added = home.run("user", "add", "lan", *names, "--commune", "03328", typed="con trâu đi trước\n")
    assert added.exit_code == 2
    assert "Không có xã, phường nào mã 03328" in added.stderr


def test_a_dry_run_writes_nothing(home: Home) -> None:
    said = home.run("units", "import", str(newer(home.folder, x03328="Mường Nưa Mới")), "--dry-run", "--json")
    report = json.loads(said.stdout)
    assert report["changed"]
    assert not report["written"]
    assert not (home.folder / "data" / "units").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "03328,11,Xã,Thanh Nưa,\n03328,11,Xã,Thanh Nưa,\n", "mới.csv:3: mã 03328 đã có ở mới.csv:2"),
        (HEAD + "03328,11,Xã,Thanh Nưa,hôm nay\n", "mới.csv:2: cột effective_from: “hôm nay” phải là ngày"),
        (HEAD + "03328,11,Xã,Thanh Nưa,\n", "thiếu 44 xã, phường đang có"),
    ],
    ids=["doubled code", "no date", "cut off"],
)
def test_a_list_that_cannot_be_used_leaves_everything_as_it_was(home: Home, text: str, reason: str) -> None:
    path = home.folder / "mới.csv"
    path.write_text(text, encoding="utf-8")
    said = home.run("units", "import", str(path))
    assert said.exit_code == 2
    assert reason in said.stderr
    assert not (home.folder / "data" / "units").exists()


def test_a_wrong_day_is_one_sentence(home: Home) -> None:
    said = home.run("units", "import", str(newer(home.folder)), "--from", "20/9/2026")
    assert (said.exit_code, said.stderr.count("\n")) == (2, 1)


def test_broken_lists_of_ours_stop_with_the_way_out(home: Home) -> None:
    folder = home.folder / "data" / "units"
    shutil.copytree(DATA, folder)
    (folder / "communes.csv").write_text("code,name\n", encoding="utf-8")
    (folder / "provinces.csv").unlink()
    with pytest.raises(BadSetting, match="xóa thư mục này thì dùng lại danh sách kèm theo"):
        units.gazetteer(home.folder / "data")


def test_a_stop_between_two_renames_loses_no_list(home: Home) -> None:
    home.run("units", "import", str(newer(home.folder, x03328="Mường Nưa Mới")))
    data = home.folder / "data"
    (data / units.NAME).rename(data / units.BEFORE)
    assert found(home, "muong nua moi")["code"] == "03328"
    said = home.run("units", "import", str(newer(home.folder, x03328="Mường Nưa Khác")), "--json")
    assert json.loads(said.stdout)["written"]
    names = {line.row["code"]: line.row["name"] for line in units.in_use(data).communes}
    assert names["03328"] == "Mường Nưa Khác"
    assert not (data / units.BEFORE).exists()
