"""thontin run: what stops it before it starts, each in one sentence that names the setting."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import ROOT, load
from bot.database import only_one
from tests.bot.commands.world import Home

TOKEN = "7100000001:AAabcdefghijklmnopqrstuvwxyz"
OA = {"ZALO_OA_ID": "388613280878808645", "ZALO_APP_ID": "3608465248940903967", "ZALO_APP_SECRET": "khoa-ung-dung",
      "ZALO_OA_SECRET_KEY": "khoa-oa", "PUBLIC_URL": "https://tin.example.gov.vn"}  # fmt: skip
SOURCE = {"SOURCE_SYSTEM": "http_json", "SOURCE_BASE_URL": "https://nguon.example.gov.vn", "SOURCE_USERNAME": "xa",
          "SOURCE_PASSWORD": "mat-khau"}  # fmt: skip

WRONG = [
    ("PORT", {"PORT": "70000"}),
    ("PORT", {"PORT": "tám nghìn"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "tin.example.gov.vn"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "http://tin.example.gov.vn"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "https://tin.example.gov.vn/thontin"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "https://ai:do@tin.example.gov.vn"}),
    ("PUBLIC_URL", {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_RECEIVE": "webhook", "TELEGRAM_SECRET": "abc"}),
    ("PUBLIC_URL", {**OA, "PUBLIC_URL": ""}),
    ("DATABASE_URL", {"DATABASE_URL": "mysql://localhost/thontin"}),
    ("DATABASE_URL", {"DATABASE_URL": "thontin.db"}),
    ("DATABASE_URL", {"DATABASE_URL": "sqlite://"}),
    ("DATABASE_URL", {"DATABASE_URL": "postgresql://ai@127.0.0.1:1/thontin?connect_timeout=2"}),
    ("DATA_DIR", {"DATA_DIR": "/dev/null/data"}),
    ("KEYS", {"KEYS": "khong-dung"}),
    ("KEYS", {"KEYS": "k1:ngan"}),
    ("TELEGRAM_TOKEN", {"TELEGRAM_TOKEN": "day-khong-phai-token"}),
    ("TELEGRAM_SECRET", {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_SECRET": "có dấu"}),
    ("TELEGRAM_SECRET", {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_RECEIVE": "webhook", "PUBLIC_URL": OA["PUBLIC_URL"]}),
    ("TELEGRAM_RECEIVE", {"TELEGRAM_RECEIVE": "thư"}),
    ("TELEGRAM_BASE_URL", {"TELEGRAM_BASE_URL": "ftp://api.example"}),
    ("TELEGRAM_PER_SECOND", {"TELEGRAM_PER_SECOND": "-1"}),
    ("ZALO_BOT_TOKEN", {"ZALO_BOT_TOKEN": "abc"}),
    ("ZALO_BOT_SECRET", {"ZALO_BOT_TOKEN": "12:abc", "ZALO_BOT_SECRET": "ngan"}),
    ("ZALO_OA_ID", {"ZALO_APP_ID": "123"}),
    ("ZALO_APP_SECRET", {**OA, "ZALO_APP_SECRET": ""}),
    ("ZALO_OA_ID", {**OA, "ZALO_OA_ID": "OA của xã"}),
    ("ZALO_PKCE", {"ZALO_PKCE": "có"}),
    ("ZALO_PKCE_VERIFIER", {**OA, "ZALO_PKCE": "fixed"}),
    ("SOURCE_BASE_URL", {**SOURCE, "SOURCE_BASE_URL": ""}),
    ("SOURCE_USERNAME", {**SOURCE, "SOURCE_USERNAME": ""}),
    ("SOURCE_PASSWORD", {**SOURCE, "SOURCE_PASSWORD": ""}),
    ("SOURCE_CONFIG", {**SOURCE, "SOURCE_CONFIG": "khong-co.toml"}),
    ("SOURCE_SYSTEM", {"SOURCE_SYSTEM": "fax"}),
    ("CONTROLLER", {"CONTROLLER": "  "}),
    ("MEDIA_HOSTS", {"MEDIA_HOSTS": "https://anh.example.vn"}),
    ("MEDIA_LIMIT_MB", {"MEDIA_LIMIT_MB": "9999"}),
    ("WEBHOOK_SECONDS", {"WEBHOOK_SECONDS": "5"}),
    ("HEADROOM", {"HEADROOM": "1.5"}),
    ("LOG_LEVEL", {"LOG_LEVEL": "NHIỀU"}),
]


@pytest.mark.parametrize(
    ("name", "settings"), WRONG, ids=[f"{name} {number}" for number, (name, _) in enumerate(WRONG)]
)
def test_a_wrong_setting_stops_the_start_and_is_named(home: Home, name: str, settings: dict[str, str]) -> None:
    home.set(**settings)
    said = home.run("run")
    sentence = said.stderr.strip() or f"{said.exception}"
    assert said.exit_code != 0
    assert sentence.startswith(f"THONTIN_{name}: ")
    assert "\n" not in sentence
    assert not any(value in sentence for value in ("mat-khau", "khoa-ung-dung", TOKEN, "khong-dung", "day-khong-phai"))


def test_a_second_run_on_the_same_data_leaves_with_one_sentence(home: Home) -> None:
    with only_one(load()):
        said = home.run("run")
    assert said.exit_code == 2
    assert said.stderr.startswith("thontin đang chạy trên ")
    assert len(said.stderr.splitlines()) == 1


def test_a_port_that_somebody_has_is_one_sentence(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        home.set(PORT=str(taken.getsockname()[1]), LOG_LEVEL="ERROR")
        said = home.run("run")
    assert said.exit_code == 2
    assert "THONTIN_PORT" in said.stderr.splitlines()[-1]


def test_keys_that_others_can_read_stop_the_start(home: Home) -> None:
    home.run("user", "list")  # makes them
    keys = Path("data/keys")
    assert keys.stat().st_mode & 0o777 == 0o600
    keys.chmod(0o644)
    assert "chmod 600" in str(home.run("run").exception)


def test_a_database_that_others_could_read_is_closed_to_them(home: Home) -> None:
    home.run("user", "list")
    path = Path("data/thontin.db")
    path.chmod(0o644)
    home.run("user", "list")
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_that_is_written_can_be_read_by_others(home: Home) -> None:
    environ = {
        **os.environ,
        "THONTIN_HOME": str(Path.cwd()),
        "THONTIN_DATA_DIR": "data/of/ours",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "bot", "user", "list"], env=environ, check=True, capture_output=True,
                   preexec_fn=lambda: os.umask(0o022))  # fmt: skip
    written = [Path("data"), *Path("data").rglob("*")]
    assert len(written) > 2
    assert [one for one in written if one.stat().st_mode & 0o077] == []
