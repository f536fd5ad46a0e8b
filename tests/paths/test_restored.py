"""A machine is lost and a backup restored: the new one hears everybody and tells nobody, until a person says so."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from bot.backup import save
from bot.config import ROOT, Settings, load
from bot.database import open_database
from bot.emulators import Emulators
from bot.restore import restore
from storage import Transaction, accounts, inbox, pause
from storage.citizens import Address
from storage.outbox import CONVERSATION, Delivery
from tests.bench import world as process
from tests.paths.test_life import HELP, publishing
from tests.stage import COMMUNE, Clock, Deployment, Opened, Phone, until

PEOPLE = 6


async def command(settings: dict[str, Any], *words: str) -> dict[str, Any]:
    """A real `thontin …` beside the running service."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("THONTIN_")}
    env |= {f"THONTIN_{name.upper()}": str(value) for name, value in settings.items()}
    env |= {"PYTHONPATH": str(ROOT), "THONTIN_HOME": settings["data_dir"]}
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, "--json", env=env, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await ran.communicate()
    assert ran.returncode == 0
    return dict(json.loads(said))


def lost_and_restored(old: Settings, new: Settings, tar: Path, fill: Any = None) -> int:
    """Back up the one, restore it as the other; how many deliveries were held back."""
    database = open_database(old)
    if fill:
        fill(database)
    save(old, database, tar, with_key=True)
    database.close()
    return restore(new, tar).held_back


async def test_a_restored_service_sends_nothing_until_it_is_told_to(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = process.settings_of(sandbox, tmp_path / "old", database_url)
    new = process.settings_of(sandbox, tmp_path / "new", f"sqlite:///{tmp_path}/new/thontin.db")
    await sandbox.control("telegram", "settings", open_chats=True)

    def fill(database: Any) -> None:
        process.populate(database, "telegram", PEOPLE, COMMUNE)
        with database.transaction() as tx:
            publishing(tx, "Cúp điện bản Tâu sáng mai")

    loaded = [load(_env_file=None, **one) for one in (old, new)]
    assert lost_and_restored(loaded[0], loaded[1], tmp_path / "a.tar", fill) == PEOPLE
    database = open_database(loaded[1])

    async def accepted() -> int:
        return int((await sandbox.look("telegram", "counts"))["accepted"])

    async def wait(answers: int) -> bool:
        with database.reading() as tx:
            return len(tx.session.exec(_waiting()).all()) >= answers

    async def unclear() -> int:
        with database.reading() as tx:
            return len(tx.session.exec(select(Delivery.id).where(Delivery.state == "unknown")).all())

    async with process.running(new) as product:
        phone = Phone(sandbox, "telegram", (await sandbox.control("telegram", "users", name="Chị Hoa"))["id"])
        await until(lambda: _hooked(sandbox))
        await phone.do("start", payload=f"xa-{COMMUNE}")
        await until(lambda: wait(1))  # what she said was taken in, and the answer waits
        await phone.do("text", text="trợ giúp")
        await until(lambda: wait(2))
        assert await accepted() == 0
        assert "NOTHING IS SENT" in product.log.read_text()
        assert await command(new, "resume") == {"was_paused": True, "sent_again": 0}
        await phone.hears("do UBND", 0)
        await phone.say("trợ giúp", HELP)
        assert await unclear() == PEOPLE  # she was told, and nobody else
        assert await command(new, "resume", "--send-missed") == {"was_paused": False, "sent_again": PEOPLE}

        async def told() -> bool:
            with database.reading() as tx:
                rows = tx.session.exec(select(Delivery.state, Delivery.resent).where(col(Delivery.announcement_id) > 0))
                return [tuple(one) for one in rows] == [("sent", True)] * PEOPLE  # marked as a second copy

        await until(told)
        assert await accepted() == len(await phone.texts()) + PEOPLE
    database.close()


def _waiting() -> Any:
    return select(Delivery).where(Delivery.lane == CONVERSATION, Delivery.state == "queued")


async def _hooked(sandbox: Emulators) -> bool:
    return bool((await sandbox.look("telegram", "state"))["webhook"].get("url"))


async def test_who_erased_themselves_in_the_chat_is_not_brought_back(
    opened: Opened, tmp_path: Path, clock: Clock
) -> None:
    old = opened.settings()
    tar, url = tmp_path / "a.tar", f"sqlite:///{tmp_path}/new/thontin.db"
    async with opened() as deployment:
        gone, stays = await deployment.phone("telegram"), await deployment.phone("zalo_oa")
        for phone in (gone, stays):
            await phone.follow()
        await deployment.quiet()
        await asyncio.to_thread(save, old, deployment.context.work.database, tar, True)
        await gone.say("NGỪNG", "Đã ngừng")
        await gone.say("3", "1.")
        await gone.say("1", "xóa")
        await until(lambda: _journalled(deployment))
    journal = old.data_dir / "erasures.jsonl"
    assert gone.id not in journal.read_text()
    new = opened.settings(database_url=url, data_dir=tmp_path / "new")
    done = restore(new, tar, journals=[journal], now=clock)
    assert done.erased == 1
    database = open_database(new, clock)
    with database.reading() as tx:
        assert _chats(tx) == {stays.id}
    database.close()


async def _journalled(deployment: Deployment) -> bool:
    return (deployment.settings.data_dir / "erasures.jsonl").exists()


def _chats(tx: Transaction) -> set[str]:
    assert inbox.failed_count(tx) == 0
    return set(tx.session.exec(select(Address.chat)).all())


@pytest.mark.parametrize("with_key", [True, False])
async def test_followers_are_told_after_a_restore_with_and_without_the_key(
    opened: Opened, tmp_path: Path, clock: Clock, with_key: bool
) -> None:
    tar, url = tmp_path / "a.tar", f"sqlite:///{tmp_path}/new/thontin.db"
    old = opened.settings()
    async with opened() as deployment:
        phone = await deployment.phone("telegram")
        await phone.follow()
        await deployment.quiet()
        await asyncio.to_thread(save, old, deployment.context.work.database, tar, with_key)
    new = opened.settings(database_url=url, data_dir=tmp_path / "new")
    restore(new, tar, without_key=not with_key, now=clock)

    def again(tx: Transaction) -> None:
        row = accounts.named(tx, "telegram")
        assert row is not None
        if not with_key:  # thontin account rotate, thontin account resume
            token, secret = (getattr(new, f"telegram_{one}").get_secret_value() for one in ("token", "secret"))
            accounts.rotate(tx, row.id or 0, {"token": token, "webhook_secret": secret})
            accounts.resume(tx, row.id or 0)
        assert pause.lift(tx)

    database = open_database(new, clock)
    with database.transaction() as tx:
        again(tx)
    database.close()
    async with opened(database_url=url, data_dir=tmp_path / "new") as deployment:
        await deployment.announce("LŨ QUÉT bản Tâu", "emergency")
        await phone.hears("LŨ QUÉT bản Tâu")
