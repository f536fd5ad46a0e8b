"""thontin doctor: each fault is found, said without a secret, and comes with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.config import Settings, load
from bot.database import open_database, wall_clock
from bot.doctor import Doctor, Line
from bot.emulators import Emulators
from bot.replay import replay
from bot.spool import Spool
from bot.work import Work
from content.message import Heard
from storage import Transaction, accounts, inbox, outbox
from storage.vault import new_key
from tests.stage import Clock, Deployment, Opened

CANARY = "Sùng Thị Mẩy 0912345678"


async def examined(settings: Settings, now: Any = wall_clock, environ: dict[str, str] | None = None) -> list[Line]:
    """Every line, none of which holds a secret or a citizen's words."""
    lines = [line async for line in Doctor(settings, now, environ or {}).examine()]
    shown = json.dumps([line.to_json() for line in lines], ensure_ascii=False)
    assert CANARY not in shown
    for name, value in settings:
        if hasattr(value, "get_secret_value") and len(value.get_secret_value()) >= 6:
            assert value.get_secret_value() not in shown, name
    assert all(line.ok or line.remedy for line in lines)
    return lines


def wrong(lines: list[Line]) -> list[str]:
    return [f"{line.area}: {line.what}" for line in lines if not line.ok]


async def test_a_healthy_deployment_has_nothing_wrong(deployment: Deployment) -> None:
    lines = await examined(deployment.settings, deployment.clock)
    assert wrong(lines) == []
    assert {line.area for line in lines} == {
        "cấu hình", "thư mục dữ liệu", "khóa", "hàng chờ trên đĩa", "cơ sở dữ liệu", "tài khoản",
        "hệ thống thông tin nguồn", "giọng đọc", "đồng hồ", "địa chỉ công khai",
    }  # fmt: skip
    for name in ("telegram", "zalo-bot", "zalo-oa"):
        assert any(line.area == "tài khoản" and name in line.what for line in lines)


async def test_a_revoked_token_is_found(deployment: Deployment) -> None:
    await deployment.world.control("telegram", "faults", fault="revoked")
    found = wrong(await examined(deployment.settings, deployment.clock))
    assert [one for one in found if one.startswith("tài khoản: ") and "token" in one]


async def test_a_webhook_that_leads_elsewhere_is_found(deployment: Deployment) -> None:
    moved = deployment.settings.model_copy(update={"public_url": f"http://localhost:{deployment.port}"})
    found = wrong(await examined(moved, deployment.clock))
    assert f"tài khoản: telegram: nhận tin bằng webhook {deployment.base}/webhook/telegram/telegram" in found


async def test_a_suspended_account_is_told_with_its_reason(deployment: Deployment) -> None:
    row = await deployment.read(lambda tx: accounts.named(tx, "telegram"))
    await deployment.write(lambda tx: accounts.suspend(tx, row.id, "token đã thu hồi"))
    lines = await examined(deployment.settings, deployment.clock)
    found = next(line for line in lines if "đang dừng gửi" in line.what)
    assert "token đã thu hồi" in found.what
    assert found.remedy.endswith("thontin account resume telegram")


async def test_a_clock_that_is_wrong_is_found(deployment: Deployment) -> None:
    found = wrong(await examined(deployment.settings, lambda: deployment.clock() + 600_000))
    assert [one for one in found if one.startswith("đồng hồ: ") and "nhanh" in one]


async def test_a_public_address_that_is_somebody_elses_is_found(deployment: Deployment) -> None:
    elsewhere = deployment.settings.model_copy(update={"public_url": deployment.world.addresses["source"]})
    found = wrong(await examined(elsewhere, deployment.clock))
    assert [one for one in found if one.startswith("địa chỉ công khai: ")]


async def test_a_source_system_that_refuses_us_is_found(deployment: Deployment) -> None:
    other = deployment.settings.model_copy(update={"source_username": "ai-do"})
    found = wrong(await examined(other, deployment.clock))
    assert [one for one in found if one.startswith("hệ thống thông tin nguồn: ")]


# ---- one machine, no platform ----


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an installation that never ran."""
    monkeypatch.chdir(tmp_path)
    return load(_env_file=None, gtts=False)


async def test_before_the_first_run_only_the_accounts_are_missing_and_nothing_is_made(alone: Settings) -> None:
    assert wrong(await examined(alone)) == ["tài khoản: Chưa có tài khoản Zalo hay Telegram nào."]
    assert [path.name for path in alone.data_dir.iterdir()] == []


async def test_accounts_of_the_settings_are_named_before_the_first_run(alone: Settings, world: Emulators) -> None:
    named = load(_env_file=None, gtts=False, **world.settings())
    lines = await examined(named.model_copy(update={"public_url": "http://127.0.0.1:1"}))
    assert any("telegram, zalo-oa, zalo-bot" in line.what for line in lines)


def write(path: Path, line: str) -> None:
    path.write_text(f"{line}\n")


async def test_a_setting_that_does_not_exist_is_named(alone: Settings) -> None:
    write(Path(".env"), "THONTIN_TELEGRAN_TOKEN=abc")
    found = wrong(await examined(alone, environ={"THONTIN_PORTS": "80", "THONTIN_PORT": "80"}))
    assert [one.partition(": ")[2].partition(":")[0] for one in found][:2] == [
        "THONTIN_PORTS",
        "THONTIN_TELEGRAN_TOKEN",
    ]


async def test_a_wrong_setting_is_named_with_its_remedy(alone: Settings) -> None:
    lines = await examined(alone.model_copy(update={"public_url": "http://tin.example.gov.vn.invalid"}))
    assert next(line for line in lines if not line.ok).what.startswith("THONTIN_PUBLIC_URL: ")


async def test_keys_that_others_can_read_are_found(alone: Settings) -> None:
    open_database(alone).close()
    (alone.data_dir / "keys").chmod(0o640)
    lines = await examined(alone)
    assert next(line for line in lines if line.area == "khóa").remedy == "Chạy: chmod 600 data/keys"


async def test_a_database_that_does_not_answer_is_found(alone: Settings) -> None:
    gone = alone.model_copy(update={"database_url": "postgresql://ai:mat-khau-bi-mat@127.0.0.1:1/thontin"})
    lines = await examined(gone)
    found = next(line for line in lines if line.area == "cơ sở dữ liệu")
    assert not found.ok
    assert "mat-khau-bi-mat" not in found.what
    assert lines[-1].area == "địa chỉ công khai"


async def test_words_on_the_disk_are_counted_not_shown(alone: Settings) -> None:
    database = open_database(alone)
    Spool(alone.data_dir / "spool", database.vault).put(1, said("k1"))
    database.close()
    found = wrong(await examined(alone))
    assert "hàng chờ trên đĩa: 1 tin của người dân đang chờ trên đĩa." in found


def said(key: str) -> Heard:
    return Heard(channel="telegram", account="7100000001", chat="81", kind="text", at=1, key=key, text=CANARY)


# ---- the database's own state ----


@pytest.fixture
def stored(alone: Settings, database_url: str) -> Settings:
    """Settings of an installation whose database is up to date and has one account."""
    settings = alone.model_copy(update={"database_url": database_url})
    database = open_database(settings)
    with database.transaction() as tx:
        row = accounts.Account(name="tele", channel="telegram", platform_id="7100000001", created_at=0)
        row.base_url = "http://127.0.0.1:1"
        accounts.add(tx, row, {"token": "7100000001:AAbi-mat-cua-bot-nay"})
    database.close()
    return settings


def in_database(settings: Settings, job: Any) -> None:
    database = open_database(settings)
    with database.transaction() as tx:
        job(tx)
    database.close()


def fail(tx: Transaction) -> None:
    """Something that was heard, and whose story raised."""
    row = accounts.named(tx, "tele")
    assert row is not None
    inbox.keep(tx, row.id or 0, said("k1"), "failed", "a story raised")


async def test_a_token_never_shows_whatever_is_wrong(stored: Settings) -> None:
    lines = await examined(stored)
    assert any("tele" in one for one in wrong(lines))
    assert "bi-mat-cua-bot" not in json.dumps([line.to_json() for line in lines])


async def test_failed_events_are_counted(stored: Settings) -> None:
    in_database(stored, fail)
    lines = await examined(stored)
    assert next(line for line in lines if line.remedy == "Chạy: thontin doctor --replay").what.startswith("1 tin ")


async def test_replayed_events_get_their_answer(stored: Settings) -> None:
    in_database(stored, fail)
    database = open_database(stored)
    work = Work(database)
    assert await replay(stored, work) == (1, 0)
    assert await replay(stored, work) == (0, 0)
    letters = await work.read(lambda tx: tx.session.execute(text(f"SELECT count(*) FROM {outbox_table()}")).scalar())
    work.close()
    database.close()
    assert letters


def outbox_table() -> str:
    return str(outbox.Letter.__tablename__)


async def test_a_database_from_a_newer_program_is_found(stored: Settings) -> None:
    in_database(stored, lambda tx: tx.session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    found = wrong(await examined(stored))
    assert [one for one in found if "9999" in one]


async def test_a_lost_key_is_found(stored: Settings) -> None:
    write(stored.data_dir / "keys", f"k9:{new_key()}")
    found = wrong(await examined(stored))
    assert [one for one in found if "THONTIN_KEYS" in one]


async def test_a_clock_of_the_database_that_is_wrong_is_found(postgres_url: str, clock: Clock, alone: Settings) -> None:
    settings = alone.model_copy(update={"database_url": postgres_url})
    open_database(settings).close()
    clock.ahead = -3_600_000
    found = wrong(await examined(settings, clock))
    assert [one for one in found if one.startswith("cơ sở dữ liệu: Đồng hồ của máy cơ sở dữ liệu lệch 3")]


async def test_doctor_does_not_disturb_what_runs(opened: Opened) -> None:
    async with opened() as deployment:
        await examined(deployment.settings, deployment.clock)
        phone = await deployment.phone("telegram")
        await phone.follow()
