"""kill -9 between the rotation of an OA's tokens and their commit: a refresh token works once, and its heir is lost."""

import asyncio
from pathlib import Path

import pytest

from bot.emulators import Emulators
from content.message import Part
from storage import accounts, outbox
from storage.outbox import Delivery
from tests.faults.world import PATIENCE, Stage, kept_from_writing, staged
from tests.stage import Phone, until

WORDS = "Ngày mai cúp điện từ 7 giờ đến 11 giờ."


@pytest.fixture
async def phone(sandbox: Emulators) -> Phone:
    """Somebody who has just written to the OA, whose access token is dead: the next call has to renew it."""
    made = await sandbox.control("zalo_oa", "users", name="Chị Hoa")
    phone = Phone(sandbox, "zalo_oa", made["id"])
    await phone.do("text", text="alo")
    await sandbox.control("zalo_oa", "tokens", kill="access")
    return phone


async def test_a_rotation_that_was_not_committed_suspends_the_account_with_a_reason_and_keeps_its_queue(
    sandbox: Emulators, phone: Phone, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody, once an official has connected the OA anew. Repeated: nothing."""
    async with staged(sandbox, database_url, tmp_path, "zalo_oa") as stage:
        queued(stage, phone)
        before = await tokens(sandbox)
        await sandbox.control("zalo_oa", "faults", fault="slow", ms=1500, count=1, method="access_token")
        product = await stage.start()
        await until(lambda: asked(sandbox), PATIENCE)
        with kept_from_writing(database_url, "account"):
            await until(lambda: rotated(sandbox, before))
            await asyncio.sleep(0.2)  # the new pair has come, and cannot be committed
            await stage.kill(product)
        product = await stage.start()
        await until(lambda: suspended(stage), 40)
        [(why,)] = stage.ask("SELECT why FROM account WHERE name = 'zalo-oa'")
        assert (stage.ask("SELECT state FROM delivery"), await phone.texts()) == ([("queued",)], [])
        await connected_anew(stage)
        await phone.hears(WORDS)
        await until(lambda: sent(stage))
    assert why.startswith("cần kết nối lại OA zalo-oa: ")
    [told] = await phone.texts()
    assert told.startswith(WORDS)


async def test_a_kill_before_zalo_has_rotated_is_made_good_by_the_next_life(
    sandbox: Emulators, phone: Phone, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: nothing."""
    async with staged(sandbox, database_url, tmp_path, "zalo_oa") as stage:
        queued(stage, phone)
        before = await tokens(sandbox)
        await sandbox.control("zalo_oa", "faults", fault="timeout_before", count=1, method="access_token")
        product = await stage.start()
        await until(lambda: asked(sandbox), PATIENCE)
        await stage.kill(product)
        assert await tokens(sandbox) == before
        await stage.start()
        await phone.hears(WORDS)
        await until(lambda: sent(stage))
        assert not await suspended(stage)
    [told] = await phone.texts()
    assert told.startswith(WORDS)


def queued(stage: Stage, phone: Phone) -> None:
    """One answer waits for this person."""
    with stage.database.transaction() as tx:
        account = accounts.named(tx, "zalo-oa")
        assert account is not None
        letter = outbox.write_letter(tx, "zalo_oa", (Part("text", WORDS),))
        outbox.post(tx, Delivery(letter_id=letter, account_id=account.id or 0, chat=phone.id,
                                 lane=outbox.CONVERSATION, due_at=tx.now, created_at=tx.now))  # fmt: skip


async def connected_anew(stage: Stage) -> None:
    """What the page does when an administrator of the OA has consented: a fresh pair, and the account goes on."""
    fresh = await tokens(stage.world)
    with stage.database.transaction() as tx:
        account = accounts.named(tx, "zalo-oa")
        assert account is not None
        accounts.keep_secrets(tx, account.id or 0, {**fresh, "expires_at": str(tx.now + 90_000_000)})
        accounts.resume(tx, account.id or 0)


async def tokens(world: Emulators) -> dict[str, str]:
    """The pair that Zalo takes."""
    return await world.control("zalo_oa", "tokens")  # type: ignore[no-any-return]


async def rotated(world: Emulators, before: dict[str, str]) -> bool:
    """Whether Zalo has given out another pair."""
    return await tokens(world) != before


async def asked(world: Emulators) -> bool:
    """Whether Zalo has been asked for a new pair: the one fault is used up."""
    return not (await world.look("zalo_oa", "state"))["faults"]


async def suspended(stage: Stage) -> bool:
    """Whether the OA waits for a person."""
    return bool(stage.ask("SELECT 1 FROM account WHERE name = 'zalo-oa' AND status = 'suspended'"))


async def sent(stage: Stage) -> bool:
    """Whether the answer is settled as sent."""
    return stage.ask("SELECT state FROM delivery") == [("sent",)]
